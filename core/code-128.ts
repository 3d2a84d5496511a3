// Widths of bars and spaces by symbol value, in turn, in modules: ISO/IEC 15417, table 1. The last three start a code, B and C, and end it.
const WIDTHS =
  '212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 ' +
  '321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 ' +
  '231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 ' +
  '241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 ' +
  '114131 311141 411131 211412 211214 211232 2331112';
const SYMBOLS = WIDTHS.split(' ').map((symbol) => [...symbol].map(Number));

const CODE_C = 99;
const CODE_B = 100;
const START_B = 104;
const START_C = 105;
const STOP = 106;

/** Modules that must stay white on either side of a code. */
export const QUIET_MODULES = 10;

/**
 * The bars of a Code 128: widths in modules, a bar and a space in turn, from the first bar to the last. Runs of digits take half the room.
 * @returns undefined for what has characters that Code 128 B does not, which are all but those from space to `~`
 */
export function code128(text: string): readonly number[] | undefined {
  if (!/^[\x20-\x7e]+$/.test(text)) return undefined;
  const values = valuesOf(text);
  const checksum = values.reduce((sum, value, index) => sum + value * Math.max(1, index), 0) % 103;
  return [...values, checksum, STOP].flatMap((value) => SYMBOLS[value] ?? []);
}

// A change to digits by twos and back costs two symbols: it pays from six digits on, and from four where the text begins or ends with them.
const RUNS = /^(?:\d\d)+$|^(?:\d\d){2,}|(?:\d\d){3,}|(?:\d\d){2,}$/g;

function valuesOf(text: string): number[] {
  const values: number[] = [];
  let from = 0;
  for (const { 0: digits, index } of text.matchAll(RUNS)) {
    if (index > from) values.push(...inCodeB(text.slice(from, index), from === 0));
    values.push(index === 0 ? START_C : CODE_C, ...Array.from({ length: digits.length / 2 }, (_, pair) => Number(digits.slice(2 * pair, 2 * pair + 2))));
    from = index + digits.length;
  }
  return from < text.length ? [...values, ...inCodeB(text.slice(from), from === 0)] : values;
}

function inCodeB(text: string, starts: boolean): number[] {
  return [starts ? START_B : CODE_B, ...[...text].map((char) => char.charCodeAt(0) - 32)];
}
