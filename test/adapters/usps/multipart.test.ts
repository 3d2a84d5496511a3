import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partsOf } from '../../../adapters/usps/multipart.ts';

const TYPE = 'multipart/form-data;boundary=part';
const part = (disposition: string, content: string) => `--part\r\nContent-Disposition: ${disposition}\r\nContent-Transfer-Encoding: binary\r\n\r\n${content}\r\n`;
const whole = (...parts: readonly string[]) => Buffer.from(`${parts.join('')}--part--\r\n`);

describe('an answer in parts', () => {
  test.each([
    ['form-data; name="labelImage"', 'labelImage'],
    ['attachment; filename="label-image.pdf"', 'labelImage'],
    ['form-data; filename="return-label-image.png"; name="returnLabelImage"', 'returnLabelImage'],
    ['attachment; filename="receipt-image.jpg"', 'receiptImage'],
  ])('is named by %s', (disposition, name) => {
    expect([...(partsOf(TYPE, whole(part(disposition, 'abc'))) ?? [])]).toEqual([[name, Buffer.from('abc')]]);
  });

  test.each([
    ['no boundary', 'multipart/form-data', whole(part('form-data; name="a"', 'x'))],
    ['another type', 'application/json', Buffer.from('{}')],
    ['another boundary', 'multipart/form-data; boundary=other', whole(part('form-data; name="a"', 'x'))],
    ['no end', TYPE, Buffer.from(part('form-data; name="a"', 'x'))],
    ['a part without a name', TYPE, whole(part('form-data', 'x'))],
    ['the same name twice', TYPE, whole(part('form-data; name="a"', 'x'), part('form-data; name="a"', 'y'))],
    ['nothing', TYPE, Buffer.alloc(0)],
  ])('is none with %s', (_what, type, body) => {
    expect(partsOf(type, body)).toBeUndefined();
  });

  test('gives back what was put into it, byte for byte, also with a quoted boundary', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).filter((content) => !Buffer.from(content).includes('--part'));
    fc.assert(
      fc.property(bytes, bytes, (one, two) => {
        const body = Buffer.concat([
          Buffer.from('--part\r\nContent-Disposition: form-data; name="one"\r\n\r\n'),
          one,
          Buffer.from('\r\n--part\r\nContent-Disposition: form-data; name="two"\r\n\r\n'),
          two,
          Buffer.from('\r\n--part--'),
        ]);
        expect([...(partsOf('multipart/mixed; boundary="part"', body) ?? [])]).toEqual([
          ['one', Buffer.from(one)],
          ['two', Buffer.from(two)],
        ]);
      }),
    );
  });

  test('that was cut off anywhere is none', () => {
    const body = whole(part('form-data; name="labelMetadata"', '{"postage":1}'), part('form-data; name="labelImage"', 'JVBERi0='));
    const last = body.lastIndexOf('--');
    fc.assert(
      fc.property(fc.nat(last), (length) => {
        expect(partsOf(TYPE, body.subarray(0, length))).toBeUndefined();
      }),
    );
  });
});
