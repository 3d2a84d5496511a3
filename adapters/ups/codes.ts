import type { TrackingEvent, TrackingStatus } from '../../core/tracking.ts';

/** What a code of UPS's means. */
type Meaning = Pick<TrackingEvent, 'status' | 'attention' | 'phase'>;

const LISTS: readonly (readonly [Meaning, string])[] = [
  [plain('pre_transit'), '3 44 45 77 79 80 133 157 166'],
  // An attempt to collect it has failed.
  [late('pre_transit'), '65 131 135'],
  [plain('in_transit'), '5 10 12 14 16 25 38 39 47 57 70 71 73 74 75 84 87 92 93 94 134 137 138 158 159 160 164 165 167 168 169'],
  [plain('out_for_delivery'), '6 21 37 72 78 89 91 146 162'],
  [plain('available_for_pickup'), '17 40 100 106 108 144 161'],
  [plain('delivered'), '11 26 143 156'],
  [plain('delivery_exception'), '13 19 22 23 24 29 30 49 50 58 59 60 61 62 64 66 69 76 83 85 123 124 125 126 132 139 145'],
  // Delays.
  [late('delivery_exception'), '32 46 48 51 52 53 86 90'],
  [returning('initiated'), '118'],
  [returning('in_transit'), '35 36'],
  [returning('completed'), '34 67 81'],
  [plain('lost'), '68 147 149'],
  [plain('cancelled'), '7 43'],
  [plain('unknown'), '0 88 148 163'],
  [
    plain('note'),
    '18 20 27 28 33 41 42 54 55 56 63 82 95 96 97 98 99 101 102 103 104 105 107 109 110 111 112 113 114 115 116 117 119 120 121 122 127 128 129 130 136 140 141 142 153 154 155',
  ],
];

/** Every code that UPS has described, by its number: `021` and `21` are one. */
export const CODES: ReadonlyMap<number, Meaning> = new Map(LISTS.flatMap(([meaning, codes]) => codes.split(' ').map((code) => [Number(code), meaning] as const)));

/** Delivered to the recipient when the scan is a delivery, else handed to the post or a shop on the way. */
const ONLY_AS_DELIVERY: ReadonlySet<number> = new Set([143, 156]);

/** Where no code is given, the type of the scan says as much as it can. */
const TYPES: ReadonlyMap<string, TrackingStatus> = new Map([
  ['MV', 'cancelled'],
  ['M', 'pre_transit'],
  ['X', 'delivery_exception'],
  ['I', 'in_transit'],
  ['P', 'in_transit'],
  ['U', 'note'],
]);

/** What is said of a scan. */
interface ScanCode {
  /** `D`, `I`, `M`, `MV`, `P`, `U` or `X`. */
  readonly type: string;
  /** Zero-padded digits, or empty. */
  readonly number: string;
  /** Whether the scan, or its package, names the day of delivery. */
  readonly isDelivered: boolean;
}

/** What a scan means; `unknown` for a code that is not in the table. */
export function meaningOf({ type, number, isDelivered }: ScanCode): Meaning {
  if (/^\d{1,4}$/.test(number)) {
    const code = Number(number);
    return ONLY_AS_DELIVERY.has(code) && type !== 'D' ? plain('in_transit') : (CODES.get(code) ?? plain('unknown'));
  }
  // A `D` without a code is also said of a parcel that is loaded for its delivery.
  if (type === 'D') return plain(isDelivered ? 'delivered' : 'out_for_delivery');
  return plain(TYPES.get(type) ?? 'unknown');
}

function plain(status: TrackingStatus): Meaning {
  return { status, attention: false };
}

function late(status: TrackingStatus): Meaning {
  return { status, attention: true };
}

function returning(phase: NonNullable<Meaning['phase']>): Meaning {
  return { status: 'returned_to_sender', attention: false, phase };
}
