import { deflateSync } from 'node:zlib';

/** A label as a one-page PDF with its tracking number in plain text, readable by any viewer. */
export function labelPdf(lines: readonly string[]): Buffer {
  const show = lines.map((line, index) => `${index === 0 ? '' : '0 -22 Td '}(${line.replace(/[^ -~]/g, '?').replace(/[\\()]/g, '\\$&')}) Tj`).join('\n');
  const content = `BT /F1 14 Tf 24 390 Td\n${show}\nET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const tail = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`;
  return Buffer.from(file + tail, 'latin1');
}

/** A label as a small greyscale PNG whose bars are drawn from its tracking number. */
export function labelPng(seed: string): Buffer {
  const [width, height] = [120, 60];
  const bars = Array.from({ length: width }, (_, x) => ((seed.charCodeAt(x % seed.length) >> (x % 5)) & 1 ? 0 : 255));
  const row = Buffer.from([0, ...bars]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)));
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

/** A label in the language of label printers. */
export function labelZpl(lines: readonly string[]): Buffer {
  const fields = lines.map((line, index) => `^FO40,${40 + index * 40}^A0N,30,30^FD${line.replace(/[\^~]/g, ' ')}^FS`).join('\n');
  return Buffer.from(`^XA\n${fields}\n^XZ\n`, 'utf8');
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

function crc(data: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of data) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
