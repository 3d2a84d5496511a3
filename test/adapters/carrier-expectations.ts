import { expect } from 'vitest';
import type { BoughtLabel, Source } from '../../adapters/carrier.ts';
import { labelFileOf } from '../../adapters/label-file.ts';
import { Rejected, Unavailable } from '../../core/error.ts';
import { isCurrency } from '../../core/money.ts';
import { HUSH } from './carrier-answers.ts';

/** What a call throws; undefined where it does not. */
export function problemOf(act: () => void): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** An error is one of our two kinds, and tells no secret. */
export function expectOurs(error: unknown): void {
  expect(error instanceof Unavailable || error instanceof Rejected, String(error)).toBe(true);
  expect(String(error)).not.toContain(HUSH);
}

/**
 * A bought label lacks nothing that the hub rests on.
 * @param formats which the picture must be in, where it is in the answer
 */
export function expectWhole(label: BoughtLabel, formats?: readonly string[]): void {
  expect(label.trackingNumber).toMatch(/^\S{1,60}$/);
  expect(label.carrierRef).not.toBe('');
  expect(label.carrier).not.toBe('');
  expect(label.service).not.toBe('');
  expect(label.trackingUrl === '' || URL.canParse(label.trackingUrl), label.trackingUrl).toBe(true);
  expect(Number.isSafeInteger(label.cost) && label.cost >= 0, `costs ${label.cost}`).toBe(true);
  expect(isCurrency(label.currency), label.currency).toBe(true);
  for (const source of [label.document, ...label.forms]) expectSource(source);
  if (formats !== undefined && label.document.in === 'answer') expect(formats).toContain(labelFileOf(label.document.bytes).extension.toUpperCase());
  if (label.address !== null) expect(label.address.country).toMatch(/^[A-Z]{2}$/);
}

function expectSource(source: Source): void {
  if (source.in === 'answer') expect(source.bytes.length).toBeGreaterThan(0);
  if (source.in === 'url') expect(URL.canParse(source.url), source.url).toBe(true);
}

/** The same value, which nobody can change any more. */
export function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) deepFrozen(part);
  return Object.freeze(value);
}
