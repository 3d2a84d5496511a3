import * as z from 'zod';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const RFC_2822 = /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/;
const MS_PER_MINUTE = 60_000;

/**
 * Reads a date as BigCommerce's Orders V2 writes it, such as `Mon, 11 Mar 2019 15:17:25 +0000`. Stricter than `Date.parse`, which takes the
 * 30th of February for a day in March.
 * @returns milliseconds since 1970; undefined for anything else
 */
export function readDate(text: string): number | undefined {
  const [, day = '', name = '', year = '', hour = '', minute = '', second = '', sign = '', offsetHours = '', offsetMinutes = ''] = RFC_2822.exec(text) ?? [];
  const month = MONTHS.indexOf(name);
  if (month < 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || Number(offsetHours) > 14 || Number(offsetMinutes) > 59) return undefined;
  const local = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  if (new Date(local).getUTCDate() !== Number(day) || Number(year) < 1990) return undefined;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * MS_PER_MINUTE;
  return sign === '-' ? local + offset : local - offset;
}

/** A date of Orders V2, as milliseconds since 1970. */
export const OrderDate = z.string().transform((text, context) => {
  const at = readDate(text);
  if (at !== undefined) return at;
  context.addIssue({ code: 'custom', message: 'must be a date such as Mon, 11 Mar 2019 15:17:25 +0000' });
  return z.NEVER;
});
