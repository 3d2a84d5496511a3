declare global {
  interface JSON {
    /** In every engine that gives a reviver the source text, and not in TypeScript's library yet. https://github.com/tc39/proposal-json-parse-with-source */
    rawJSON(text: string): object;
  }
}

/** A decimal as a JSON number, digit for digit: no amount passes through a double on its way out. */
export function decimal(text: string): object {
  return JSON.rawJSON(text);
}
