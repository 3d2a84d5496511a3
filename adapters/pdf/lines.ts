import type { Pdf, Style } from './document.ts';

/**
 * Breaks text into lines, between words where it can and within what is too long for a line.
 * @param width millimetres
 * @returns one line at least
 */
export function wrap(text: string, width: number, style: Style, pdf: Pick<Pdf, 'widthOf'>): string[] {
  const fits = (line: string) => pdf.widthOf(line, style) <= width;
  const lines = [''];
  for (const word of text
    .trim()
    .split(/\s+/u)
    .flatMap((long) => pieces(long, fits))) {
    const last = lines.at(-1) ?? '';
    const longer = last === '' ? word : `${last} ${word}`;
    if (fits(longer)) lines.splice(-1, 1, longer);
    else lines.push(word);
  }
  return lines;
}

/** A word in parts that fit on a line each. */
function pieces(word: string, fits: (line: string) => boolean): string[] {
  if (fits(word)) return [word];
  const parts = [''];
  for (const char of word) {
    const last = parts.at(-1) ?? '';
    if (last === '' || fits(last + char)) parts.splice(-1, 1, last + char);
    else parts.push(char);
  }
  return parts;
}
