import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rejected } from '../../core/error.ts';
import { type Json, parseJson } from '../../core/json.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');

function refusalOf(body: Uint8Array): Rejected {
  try {
    parseJson(body);
  } catch (error) {
    if (error instanceof Rejected) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('parseJson', () => {
  test.each([
    ['820982911946154508', '820982911946154508'],
    ['9007199254740993', '9007199254740993'],
    ['123456789012345', 123_456_789_012_345],
    ['-7', -7],
    ['12.10', '12.10'],
    ['1e309', '1e309'],
    ['1.0', '1.0'],
    ['"12.10"', '12.10'],
    ['null', null],
    ['[1, 12.5, {"a": true}]', [1, '12.5', { a: true }]],
  ])('reads %s without losing a digit', (text, expected) => {
    expect(parseJson(bytes(text))).toEqual(expected);
  });

  test('reads numbers as numbers where the contract is plain', () => {
    expect(parseJson(bytes('{"a":12.5,"b":7}'), 'plain')).toEqual({ a: 12.5, b: 7 });
  });

  test('keeps every integer digit for digit', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (integer) => {
        expect(String(parseJson(bytes(`{"id":${integer}}`)))).toBe('[object Object]');
        expect(parseJson(bytes(`[${integer}]`))).toSatisfy((value: Json) => Array.isArray(value) && String(value[0]) === String(integer));
      }),
    );
  });

  test.each([
    ['an empty body', Buffer.alloc(0), 'json.empty'],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'json.not-utf8'],
    ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), 'json.not-utf8'],
    ['half a document', bytes('{"a":'), 'json.unreadable'],
    ['NaN', bytes('{"a":NaN}'), 'json.unreadable'],
    ['a form', bytes('a=1&b=2'), 'json.unreadable'],
    ['two documents', bytes('{}{}'), 'json.unreadable'],
  ])('refuses %s with a code of its own', (_what, body, code) => {
    expect(refusalOf(body).code).toBe(code);
  });

  test('refuses or reads a document nested 200,000 deep, and stays alive', () => {
    expect(refusalOf(bytes('['.repeat(200_000) + ']'.repeat(200_000))).code).toBe('json.unreadable');
  });

  test('keeps __proto__ as a plain field that changes nothing', () => {
    const parsed = parseJson(bytes('{"__proto__":{"polluted":true},"a":1}'));

    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test.each([
    ['half a character', '"a\\ud83c"', 'a\ufffd'],
    ['the other half', '"\\udf81b"', '\ufffdb'],
    ['halves in the wrong order', '"\\udf81\\ud83c"', '\ufffd\ufffd'],
    ['half of one before a whole one', '"\\ud83c\\ud83c\\udf81"', '\ufffd🎁'],
    ['a whole one', '"\\uD83C\\uDF81"', '🎁'],
    ['one that stands as it is', '"🎁"', '🎁'],
    ['a backslash and letters', '"\\\\ud83c"', '\\ud83c'],
  ])('reads %s as text that every table takes', (_what, text, expected) => {
    expect(parseJson(Buffer.from(text))).toBe(expected);
    expect(parseJson(Buffer.from(`{${text}:1}`), 'plain')).toEqual({ [expected]: 1 });
  });

  test('says what is wrong in the words of whoever read it, and keeps what caused it', () => {
    expect(refusalOf(bytes('{"a":NaN}')).message).toBe('The body is not readable as JSON: Unexpected token ');
    expect(refusalOf(bytes('{"a":')).message).toBe('The body is not readable as JSON: Unexpected end of JSON input');
    expect(refusalOf(bytes('['.repeat(200_000) + ']'.repeat(200_000))).message).toBe('The body is not readable as JSON: it is nested too deeply');
    expect(refusalOf(bytes('{"a":')).cause).toBeInstanceOf(SyntaxError);
    expect(refusalOf(Buffer.from([0xff])).cause).toBeInstanceOf(TypeError);
  });

  test('does not repeat the text around a fault, which may hold personal data', () => {
    expect(refusalOf(bytes('{"name":"Erika Muster" "city":1}')).message).not.toContain('Erika');
    expect(refusalOf(bytes('Erika Muster')).message).not.toContain('Muster');
  });

  test('throws nothing but Rejected, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (body) => {
        try {
          parseJson(body);
        } catch (error) {
          expect(error).toBeInstanceOf(Rejected);
        }
      }),
    );
  });
});
