import { type Allocation, availableIn, type Movement, type Place, type Stock } from './inventory.ts';

/** What is known of one place. */
type Reading = Pick<Stock, 'sku' | 'warehouse' | 'lot' | 'expiresOn' | 'available'>;

interface Shelf {
  readonly lot: string | undefined;
  readonly expiresOn: string | undefined;
  readonly usable: boolean;
  available: number;
}

/** Available units by place, as read a moment ago; allocation draws on it and puts back. */
export class StockView {
  readonly #shelves = new Map<string, Map<string, Shelf[]>>();
  readonly #usable: (stock: Pick<Stock, 'sku' | 'warehouse' | 'expiresOn'>) => boolean;

  /** @param usable which stock may be promised; the rest is followed, and counts for nothing */
  constructor(stock: Iterable<Reading>, usable: (stock: Pick<Stock, 'sku' | 'warehouse' | 'expiresOn'>) => boolean = () => true) {
    this.#usable = usable;
    for (const reading of stock) this.add(reading);
  }

  /** Takes in one more reading of a place. */
  add(reading: Reading): void {
    this.#shelf(reading).available = reading.available;
  }

  /** Units of a SKU that a warehouse can promise, over all lots that may be. */
  available(sku: string, warehouse: string): number {
    let units = 0;
    for (const shelf of this.#shelves.get(sku)?.get(warehouse) ?? NOTHING) units += promisable(shelf);
    return units;
  }

  /** Where so many units would be taken from, first expired first; fewer where there are fewer. Nothing is drawn. */
  pick(sku: string, warehouse: string, quantity: number): Allocation[] {
    const picked: Allocation[] = [];
    let open = quantity;
    for (const shelf of this.#shelves.get(sku)?.get(warehouse) ?? NOTHING) {
      const units = Math.min(open, promisable(shelf));
      if (units <= 0) continue;
      const { lot, expiresOn } = shelf;
      picked.push({ sku, warehouse, ...(lot !== undefined && { lot }), ...(expiresOn !== undefined && { expiresOn }), quantity: units });
      open -= units;
    }
    return picked;
  }

  /** Draws units from a place, or puts them back; a place that was not read begins with none. */
  move(movement: Movement): void {
    this.#shelf(movement).available += availableIn(movement);
  }

  #shelf({ sku, warehouse, lot, expiresOn }: Place & Pick<Stock, 'expiresOn'>): Shelf {
    const shelves = this.#shelvesOf(sku, warehouse);
    const known = shelves.find((shelf) => shelf.lot === lot);
    if (known !== undefined) return known;
    const shelf = { lot, expiresOn, usable: this.#usable({ sku, warehouse, expiresOn }), available: 0 };
    shelves.push(shelf);
    shelves.sort(firstExpiredFirst);
    return shelf;
  }

  #shelvesOf(sku: string, warehouse: string): Shelf[] {
    const sites = this.#shelves.get(sku) ?? new Map<string, Shelf[]>();
    this.#shelves.set(sku, sites);
    const shelves = sites.get(warehouse) ?? [];
    sites.set(warehouse, shelves);
    return shelves;
  }
}

const NOTHING: readonly Shelf[] = [];

function promisable({ usable, available }: Shelf): number {
  return usable && available > 0 ? available : 0;
}

/** What never expires goes last; of what expires together, lots in the order of their names. */
function firstExpiredFirst(a: Shelf, b: Shelf): number {
  return compare(a.expiresOn ?? '9999-12-31', b.expiresOn ?? '9999-12-31') || compare(a.lot ?? '', b.lot ?? '');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
