import { expect, test } from 'vitest';
import type { Json } from '../../../core/json.ts';
import { type Names, resolve } from '../../../local/cloud/intrinsics.ts';

const names: Names = {
  ref: (name) => (name === 'AWS::Region' ? 'eu-central-1' : `<${name}>`),
  attribute: (logicalId, attribute) => `<${logicalId}.${attribute}>`,
};

const CASES: ReadonlyArray<readonly [string, Json, Json]> = [
  ['plain values stay as they are', { a: 1, b: [true, null, 'x'] }, { a: 1, b: [true, null, 'x'] }],
  ['Ref names a resource', { Ref: 'Table' }, '<Table>'],
  ['Ref names a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-central-1'],
  ['GetAtt takes a list', { 'Fn::GetAtt': ['Table', 'Arn'] }, '<Table.Arn>'],
  ['GetAtt takes a dotted name', { 'Fn::GetAtt': 'Table.StreamArn' }, '<Table.StreamArn>'],
  ['Join resolves its parts', { 'Fn::Join': ['/', ['a', { Ref: 'B' }, { 'Fn::GetAtt': ['C', 'D'] }]] }, 'a/<B>/<C.D>'],
  ['Sub fills in references and attributes', { 'Fn::Sub': `\${A}-\${B.C}-\${AWS::Region}` }, '<A>-<B.C>-eu-central-1'],
  ['Sub prefers its own variables', { 'Fn::Sub': [`\${A}-\${B}`, { A: { Ref: 'Z' } }] }, '<Z>-<B>'],
  ['Sub keeps literals', { 'Fn::Sub': `\${!A}` }, `\${A}`],
  ['Select and Split work inside each other', { 'Fn::Select': [1, { 'Fn::Split': ['|', 'a|b|c'] }] }, 'b'],
  ['Select takes a number written as text', { 'Fn::Select': ['0', ['x', 'y']] }, 'x'],
  ['NoValue drops a property and an item', { a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'AWS::NoValue' }, 1] }, { b: [1] }],
  ['an object with Ref among other keys is data', { Ref: 'A', x: 1 }, { Ref: 'A', x: 1 }],
];

test.each(CASES)('%s', (_title, value, expected) => {
  expect(resolve(value, names)).toEqual(expected);
});

test('names a function it does not know', () => {
  expect(() => resolve({ a: [{ 'Fn::ImportValue': 'x' }] }, names)).toThrow('Fn::ImportValue');
});

test('refuses a Select beyond the end', () => {
  expect(() => resolve({ 'Fn::Select': [3, ['a']] }, names)).toThrow('no item 3');
});
