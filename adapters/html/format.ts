import { exponentOf, printMoney } from '../../core/money.ts';

type Amounts = readonly { readonly currency: string; readonly amount: number }[];

/** Writes figures as the readers of a report are used to. */
export interface Format {
  count(value: number): string;
  /** `3 parcels`, `1 parcel`, `no parcels` */
  plural(value: number, noun: string): string;
  /** Grams, in kilograms to the gram: what is added up by hand must come to the total. */
  weight(grams: number): string;
  /** Minor units. */
  money(amount: number, currency: string): string;
  /** Each currency on its own; a dash for none. */
  amounts(list: Amounts): string;
  /** `Sunday 22 November 2026` */
  day(day: string): string;
  /** Date and time of day in the report's time zone. */
  moment(at: string): string;
  /** Time of day, with the date where it is another day. */
  time(at: string, day: string): string;
  /** `3 h 12 min`; a dash for null. */
  duration(seconds: number | null): string;
  /** The name of a country by its code. */
  country(code: string): string;
}

/** Stands where there is no figure. */
export const NONE = '–';

/**
 * Makes the formats of one report.
 * @param locale BCP 47; words stay English
 */
export function formatFor(locale: string, timeZone: string): Format {
  const counts = new Intl.NumberFormat(locale);
  const kilograms = new Intl.NumberFormat(locale, { minimumFractionDigits: 3 });
  const countries = new Intl.DisplayNames('en-GB', { type: 'region', fallback: 'none' });
  const days = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
  const moments = new Intl.DateTimeFormat('en-GB', { timeZone, day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const times = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const localDays = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });

  function money(amount: number, currency: string): string {
    const decimal = printMoney(amount, currency);
    // Both guards are for currencies that only old facts may hold; Intl throws on what is no code.
    if (!/^[A-Z]{3}$/.test(currency) || !isDecimal(decimal)) return `${decimal} ${currency}`;
    const digits = exponentOf(currency);
    return new Intl.NumberFormat(locale, { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(decimal);
  }

  return {
    count: (value) => counts.format(value),
    plural: (value, noun) => `${value === 0 ? 'no' : counts.format(value)} ${noun}${value === 1 ? '' : 's'}`,
    weight: (grams) => `${kilograms.format(grams / 1000)}\u00A0kg`,
    money,
    amounts: (list) => list.map(({ currency, amount }) => money(amount, currency)).join(' + ') || NONE,
    day: (day) => days.format(Date.parse(`${day}T12:00:00.000Z`)).replace(',', ''),
    moment: (at) => moments.format(Date.parse(at)),
    time: (at, day) => (localDays.format(Date.parse(at)) === day ? times : moments).format(Date.parse(at)),
    duration,
    country: (code) => (code === '' ? 'No address yet' : ((/^[A-Z]{2}$/.test(code) ? countries.of(code) : undefined) ?? `Unknown country ${code}`)),
  };
}

function isDecimal(text: string): text is `${number}` {
  return /^-?\d+(\.\d+)?$/.test(text);
}

/** The two largest units that are not zero; its spaces do not break. */
function duration(seconds: number | null): string {
  if (seconds === null) return NONE;
  if (seconds < 60) return `${seconds}\u00A0s`;
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const parts = hours >= 24 ? [`${Math.floor(hours / 24)} d`, `${hours % 24} h`] : [`${hours} h`, `${minutes % 60} min`];
  return parts
    .filter((part) => !part.startsWith('0 '))
    .join(' ')
    .replaceAll(' ', '\u00A0');
}
