import { type Address, addressHash } from './address.ts';
import { dayIn, zoneOf } from './calendar.ts';
import type { Client, Warehouse } from './client.ts';
import { productOf } from './client.ts';
import { addUnits, type Demand, lessUnits } from './inventory.ts';
import { completeIn, type SoldKit } from './kit.ts';
import { isLive, type Order, openDemand } from './order.ts';
import type { OrderDocument } from './order-document.ts';
import { type SlipWords, slipLanguageOf, wordsFor } from './packing-slip-words.ts';
import type { Parcel } from './shipment.ts';

/** What lies in a parcel under one SKU, as its customer reads it. */
export interface SlipLine extends Demand {
  readonly name: string;
  /** Lots and serial numbers, in words. */
  readonly details: readonly string[];
  /** What a kit is made of. */
  readonly parts: readonly SlipLine[];
}

/** Everything that stands on a packing slip, in the customer's language. No prices: the parcel may be a present. */
export interface PackingSlip {
  /** BCP 47. */
  readonly language: string;
  readonly words: SlipWords;
  readonly shop: string;
  /** Where it comes from, on one line. */
  readonly sender: string;
  /** Name and address, line by line. */
  readonly recipient: readonly string[];
  readonly number: string;
  /** What the order is called, when it was placed and packed, which parcel this is. */
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  /** `Parcel 1 of 2` */
  readonly parcel: string;
  readonly lines: readonly SlipLine[];
  /** What the order holds beside this parcel, and where that is. */
  readonly elsewhere: readonly (Demand & { readonly name: string; readonly where: string })[];
  readonly units: number;
  /** What a packer scans: `<orderId>/<parcel>`. */
  readonly reference: string;
  readonly packedAt: string;
}

/** What a slip is made of. */
export interface SlipSources {
  readonly order: Order;
  readonly document: OrderDocument;
  readonly parcel: Parcel;
  readonly warehouse: Warehouse;
  readonly client: Client;
}

/** Why there is no slip to write for a parcel, in words, or undefined where there is. */
export function slipGap({ document, parcel }: Pick<SlipSources, 'document' | 'parcel'>): string | undefined {
  if (parcel.returns !== undefined) return 'goods that come back need none';
  if (parcel.status === 'recalled' || parcel.status === 'unpacked') return `the parcel is ${parcel.status}`;
  if (document.shipTo === null) return 'the order has no shipping address';
  // The parcel of an old address is called back, and the one that follows gets a slip of its own.
  return addressHash(document.shipTo) === parcel.addressHash ? undefined : 'the address of the order is not the one that the parcel was packed for';
}

/** Writes the slip of a parcel. */
export function packingSlipOf(sources: SlipSources): PackingSlip {
  const { order, document, parcel, warehouse, client } = sources;
  const language = slipLanguageOf(document.locale);
  const words = wordsFor(language);
  const zone = zoneOf(warehouse, client);
  const day = (at: string) => dayInWords(dayIn(zone, new Date(at)), language);
  const { elsewhere, parcels } = restOf(sources, words);
  const number = parcels.indexOf(parcel.parcel) + 1;
  // How many there will be is known once nothing is left to pack.
  const name = openDemand(order).length > 0 ? words.parcel(number) : words.parcelOf(number, parcels.length);
  return {
    language,
    words,
    shop: client.name,
    sender: [client.name, ...linesOf({ ...warehouse.address, name: '', company: '' }, language)].join(' · '),
    recipient: document.shipTo === null ? [] : linesOf(document.shipTo, language),
    number: document.number,
    facts: [
      { label: words.order, value: document.number },
      { label: words.placed, value: day(document.placedAt) },
      { label: words.packed, value: day(parcel.packedAt) },
    ],
    parcel: name,
    lines: linesIn(sources, words, language),
    elsewhere,
    units: parcel.units.reduce((sum, { quantity }) => sum + quantity, 0),
    reference: `${order.orderId}/${parcel.parcel}`,
    packedAt: parcel.packedAt,
  };
}

/** Units as they were sold: kits that are complete with them, and singly what is left. Taken apart again, they are the same units. */
export function asSold({ demand, kits = [] }: Pick<Order, 'demand' | 'kits'>, units: readonly Demand[]): (Demand & { readonly kit?: SoldKit })[] {
  const sold =
    kits.length === 0 ? [] : completeIn(demand, kits, units).flatMap(({ sku, quantity }) => kits.filter((kit) => kit.sku === sku).map((kit) => ({ sku, quantity, kit })));
  const inKits = sold.flatMap(({ quantity, kit }) => kit.parts.map((part) => ({ sku: part.sku, quantity: part.quantity * quantity })));
  return [...sold, ...lessUnits(addUnits(units), inKits)];
}

/** What is in the parcel, in the order's own order. Each unit's lot and serial number is named once. */
function linesIn({ order, document, parcel, client }: SlipSources, words: SlipWords, language: string): SlipLine[] {
  const lots = parcel.units.map((unit) => ({ ...unit }));
  const serials = [...(parcel.serials ?? [])];
  const places = new Map(document.lines.map(({ sku }, index) => [sku ?? '', index]));
  const placeOf = ({ sku }: Demand) => places.get(sku) ?? places.size;
  return asSold(order, parcel.units)
    .toSorted((a, b) => placeOf(a) - placeOf(b))
    .map(({ sku, quantity, kit }) => ({
      sku,
      quantity,
      name: nameOf(sku, document, client),
      details: kit === undefined ? detailsOf(sku, quantity) : [],
      parts: (kit?.parts ?? []).map((part) => ({
        sku: part.sku,
        quantity: part.quantity * quantity,
        name: nameOf(part.sku, document, client),
        details: detailsOf(part.sku, part.quantity * quantity),
        parts: [],
      })),
    }));

  function detailsOf(sku: string, quantity: number): string[] {
    const taken = takeLots(sku, quantity);
    const several = taken.length > 1;
    const scanned = serials.filter((unit) => unit.sku === sku).slice(0, quantity);
    for (const unit of scanned) serials.splice(serials.indexOf(unit), 1);
    return [
      ...taken.map(({ lot, expiresOn, units }) => {
        const until = expiresOn === undefined ? '' : `, ${words.expires} ${dayInWords(expiresOn, language)}`;
        return `${several ? `${units} × ` : ''}${words.lot} ${lot}${until}`;
      }),
      ...(scanned.length === 0 ? [] : [`${words.serials} ${scanned.map(({ serial }) => serial).join(', ')}`]),
    ];
  }

  function takeLots(sku: string, quantity: number) {
    let open = quantity;
    return lots.flatMap((unit) => {
      const units = unit.sku === sku ? Math.min(open, unit.quantity) : 0;
      open -= units;
      unit.quantity -= units;
      return units === 0 || unit.lot === undefined ? [] : [{ lot: unit.lot, expiresOn: unit.expiresOn, units }];
    });
  }
}

/** What the order holds beside this parcel, and the numbers of all its parcels. */
function restOf({ order, document, parcel, client }: SlipSources, words: SlipWords): { readonly elsewhere: PackingSlip['elsewhere']; readonly parcels: readonly number[] } {
  const live = order.parcels.filter(isLive);
  const parcels = live.map((one) => one.parcel);
  const others = live.filter((one) => one.parcel !== parcel.parcel).map((one) => ({ units: one.units, where: words.inParcel(parcels.indexOf(one.parcel) + 1) }));
  const elsewhere = [...others, { units: openDemand(order), where: words.follows }].flatMap(({ units, where }) =>
    asSold(order, units).map(({ sku, quantity }) => ({ sku, quantity, name: nameOf(sku, document, client), where })),
  );
  return { elsewhere, parcels };
}

/** As the customer bought it, else as the client calls it. */
function nameOf(sku: string, { lines }: OrderDocument, client: Client): string {
  const title = lines.find((line) => line.sku === sku)?.title.trim();
  return title || productOf(client, sku)?.name || client.kits.find((kit) => kit.sku === sku)?.name || sku;
}

/** Countries that write the city before the postcode. */
const CITY_FIRST = new Set(['AU', 'CA', 'GB', 'IE', 'IN', 'NZ', 'SG', 'US']);

/** An address, line by line, the country in the reader's language. */
function linesOf({ name, company = '', line1, line2 = '', city, region = '', postalCode = '', country }: Address, language: string): string[] {
  const place = CITY_FIRST.has(country)
    ? [[city, region].filter(Boolean).join(', '), postalCode].filter(Boolean).join(' ')
    : [[postalCode, city].filter(Boolean).join(' '), region].filter(Boolean).join(', ');
  return [name, company, line1, line2, place, countryName(country, language)].filter(Boolean);
}

const countryNames = new Map<string, Intl.DisplayNames>();

function countryName(country: string, language: string): string {
  const names = countryNames.get(language) ?? new Intl.DisplayNames(language, { type: 'region' });
  countryNames.set(language, names);
  return /^[A-Z]{2}$/.test(country) ? (names.of(country) ?? country) : country;
}

const dayFormats = new Map<string, Intl.DateTimeFormat>();

/** @param day such as `2026-11-22` */
function dayInWords(day: string, language: string): string {
  const format = dayFormats.get(language) ?? new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
  dayFormats.set(language, format);
  return format.format(new Date(`${day}T00:00:00Z`));
}
