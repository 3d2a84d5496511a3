const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * The elements of a JSON array, byte for byte: re-serialising would lose digits that a double cannot hold.
 * @param array JSON that was parsed before; every byte that shapes JSON is ASCII, and none of UTF-8's others is
 */
export function elementsOf(array: Buffer): Buffer[] {
  const elements: Buffer[] = [];
  let depth = 0;
  let inText = false;
  let start = array.indexOf('[') + 1;
  const take = (end: number) => {
    const isEmptyArray = elements.length === 0 && array.toString('latin1', start, end).trim() === '';
    if (!isEmptyArray) elements.push(array.subarray(start, end));
    start = end + 1;
  };
  for (let index = start - 1; index < array.length; index++) {
    const byte = array[index] ?? 0;
    if (inText && byte === BACKSLASH) index++;
    else if (byte === QUOTE) inText = !inText;
    else if (inText) continue;
    else if (OPENING.has(byte)) depth++;
    else if (byte === COMMA && depth === 1) take(index);
    else if (CLOSING.has(byte) && --depth === 0) take(index);
  }
  return elements;
}

/** One body of an order and the refunds that were fetched for it, as `parse` reads it. */
export function composed(order: Buffer, refunds: readonly Buffer[]): Buffer {
  const list = refunds.flatMap((refund, index) => (index === 0 ? [refund] : [Buffer.from(','), refund]));
  // Some plugins let a byte order mark through.
  const object = order.subarray(Math.max(0, order.indexOf('{')));
  return Buffer.concat([Buffer.from('{"order":'), object, Buffer.from(',"refunds":['), ...list, Buffer.from(']}')]);
}
