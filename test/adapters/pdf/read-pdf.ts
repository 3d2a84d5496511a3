import { inflateSync } from 'node:zlib';

/** What a PDF of ours says, read back by its index. */
export interface ReadPdf {
  /** By number, as they are written; the first is number 1. */
  readonly objects: readonly Buffer[];
  /** The drawing of each page. */
  readonly pages: readonly string[];
  /** The texts of each page, in the order of drawing. */
  readonly texts: readonly (readonly string[])[];
}

/** Reads a PDF as a viewer does: from its end, by its index, each text by the character map of its font. @throws Error where anything is not where it should be */
export function readPdf(bytes: Buffer): ReadPdf {
  const file = bytes.toString('latin1');
  const index = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(file)?.[1]);
  const rows = [...file.slice(index).matchAll(/^(\d{10}) 00000 n $/gm)].map(([, start]) => Number(start));
  const objects = rows.map((start, number) => {
    if (!file.startsWith(`${number + 1} 0 obj\n`, start)) throw new Error(`object ${number + 1} is not at ${start}`);
    return bytes.subarray(start, file.indexOf('\nendobj\n', start));
  });
  const textOf = (number: number) => objects[number - 1]?.toString('latin1') ?? '';
  const names = [...textOf(2).matchAll(/\/(F\d+) (\d+) 0 R/g)].map(
    ([, name = '', font]) => [name, characterMap(contentOf(objects, referenceIn(textOf(Number(font)), 'ToUnicode')))] as const,
  );
  const fonts = new Map(names);
  const kids = [...(/\/Kids \[([^\]]*)\]/.exec(textOf(2))?.[1]?.matchAll(/(\d+) 0 R/g) ?? [])].map(([, kid]) => Number(kid));
  const pages = kids.map((kid) => contentOf(objects, referenceIn(textOf(kid), 'Contents')).toString('latin1'));
  const texts = pages.map((page) =>
    [...page.matchAll(/\/(F\d+) [\d.]+ Tf .*?<([0-9a-f]*)> Tj/g)].map(([, font = '', hex = '']) => hex.replace(/.{4}/g, (glyph) => fonts.get(font)?.get(glyph) ?? '\uFFFD')),
  );
  return { objects, pages, texts };
}

function referenceIn(object: string, name: string): number {
  return Number(new RegExp(`/${name} (\\d+) 0 R`).exec(object)?.[1]);
}

/** The bytes of a stream, as long as it says. */
export function contentOf(objects: readonly Buffer[], number: number): Buffer {
  const object = objects[number - 1] ?? Buffer.alloc(0);
  const start = object.indexOf('stream\n') + 'stream\n'.length;
  const length = Number(/\/Length (\d+)/.exec(object.toString('latin1', 0, start))?.[1]);
  if (object.toString('latin1', start + length) !== '\nendstream') throw new Error(`object ${number} is not as long as it says`);
  return inflateSync(object.subarray(start, start + length));
}

function characterMap(map: Buffer): ReadonlyMap<string, string> {
  const rows = [...map.toString('latin1').matchAll(/^<([0-9a-f]{4})> <([0-9a-f]+)>$/gm)];
  return new Map(rows.map(([, glyph = '', char = '']) => [glyph, Buffer.from(char, 'hex').swap16().toString('utf16le')]));
}
