import fc from 'fast-check';
import { expect, it } from 'vitest';
import { composed, elementsOf } from '../../../adapters/woocommerce/raw.ts';

it('takes any array apart and keeps every byte of its elements', () => {
  fc.assert(
    fc.property(fc.array(fc.json()), fc.constantFrom('', ' ', '\n\t'), (elements, space) => {
      const array = Buffer.from(`${space}[${space}${elements.join(`${space},${space}`)}${space}]${space}`);

      expect(elementsOf(array).map((element) => element.toString().trim())).toEqual(elements.map((element) => element.trim()));
    }),
  );
});

it('puts an order and its refunds together without touching a digit', () => {
  const body = composed(Buffer.from('\ufeff{"id":9007199254740993,"price":10.799999999999999}'), elementsOf(Buffer.from('[{"id":1.10},{"id":2}]')));

  expect(body.toString()).toBe('{"order":{"id":9007199254740993,"price":10.799999999999999},"refunds":[{"id":1.10},{"id":2}]}');
});
