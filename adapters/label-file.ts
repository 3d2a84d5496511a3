import { Rejected } from '../core/error.ts';

/** Labels and forms above this are refused: no carrier's is near it. */
export const LABEL_BYTES = 4 * 1024 * 1024;

// By their first bytes, whatever the carrier calls them.
const FORMATS = [
  { starts: /^%PDF-/, contentType: 'application/pdf', extension: 'pdf' },
  { starts: /^.PNG\r\n/s, contentType: 'image/png', extension: 'png' },
  { starts: /^GIF8[79]a/, contentType: 'image/gif', extension: 'gif' },
  { starts: /^\s*(?:~|\^)[A-Z]/, contentType: 'application/zpl', extension: 'zpl' },
] as const;

/** A label's or form's file, known by its content. */
export interface LabelFile {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly extension: string;
}

/** Recognises the file of a label or form. @throws Rejected `carrier.label-unreadable` when it is no PDF, PNG, GIF or ZPL, or too large */
export function labelFileOf(bytes: Buffer): LabelFile {
  const format = bytes.length > LABEL_BYTES ? undefined : FORMATS.find(({ starts }) => starts.test(bytes.toString('latin1', 0, 64)));
  if (format === undefined)
    throw new Rejected(
      'carrier.label-unreadable',
      `The label's document (${bytes.length} bytes) is no PDF, PNG, GIF or ZPL of up to ${LABEL_BYTES} bytes; look at it in the carrier's own pages.`,
    );
  return { bytes, contentType: format.contentType, extension: format.extension };
}

/** The content type of a label or form that is kept under a name, by what it ends with. */
export function contentTypeOf(name: string): string {
  return FORMATS.find(({ extension }) => name.endsWith(`.${extension}`))?.contentType ?? 'application/octet-stream';
}
