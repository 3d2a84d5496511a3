import * as z from 'zod';

/** An optional text, as vendors' payloads and answers have many. */
export const text = z.string().nullish();

/** An id, digit for digit: one that a double would damage arrives from `parseJson` as text. */
export const Digits = z.union([z.int().min(1), z.string().regex(/^[1-9]\d{0,19}$/)], { error: 'must be a whole number above 0' }).transform(String);
