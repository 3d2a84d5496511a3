const CRLF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');

/**
 * Reads an answer in parts by their names. USPS names its parts either as form data (`name="labelMetadata"`) or by their files alone
 * (`filename="label-image.pdf"` is `labelImage`). https://www.rfc-editor.org/rfc/rfc7578
 * @returns undefined when it is not in parts, or was cut off
 */
export function partsOf(contentType: string, body: Buffer): ReadonlyMap<string, Buffer> | undefined {
  const [, quoted, plain] = /^multipart\/[\w-]+\s*;.*?boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) return undefined;
  const parts = new Map<string, Buffer>();
  for (let at = startOf(body, boundary); at !== undefined; ) {
    const after = body.subarray(at, at + 2).toString('latin1');
    // The last boundary ends in two dashes; without it the answer was cut off.
    if (after === '--') return parts;
    const end = body.indexOf(`\r\n--${boundary}`, at);
    if (after !== '\r\n' || end < 0) return undefined;
    const part = partOf(body.subarray(at, end));
    if (part === undefined || parts.has(part.name)) return undefined;
    parts.set(part.name, part.content);
    at = end + CRLF.length + 2 + boundary.length;
  }
  return undefined;
}

/** Where the first boundary ends. */
function startOf(body: Buffer, boundary: string): number | undefined {
  const at = body.indexOf(`--${boundary}`);
  const isFirst = at === 0 || (at > 1 && body.subarray(at - 2, at).equals(CRLF));
  return isFirst ? at + 2 + boundary.length : undefined;
}

function partOf(part: Buffer): { readonly name: string; readonly content: Buffer } | undefined {
  const blank = part.indexOf(BLANK_LINE);
  if (blank < 0) return undefined;
  const [, disposition = ''] = /^content-disposition:(.*)$/im.exec(part.toString('latin1', 0, blank)) ?? [];
  const [, name] = /[;\s]name="([^"]{1,60})"/i.exec(disposition) ?? [];
  const [, file] = /filename="([a-z-]{1,60})\.\w{1,5}"/i.exec(disposition) ?? [];
  const known = name ?? file?.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return known === undefined ? undefined : { name: known, content: part.subarray(blank + BLANK_LINE.length) };
}
