import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { published, publishedBy } from '../../contracts/carriers.ts';

const DOCUMENT = `
openapi: 3.0.1
components:
  schemas:
    Label Request:
      type: object
      additionalProperties: false
      required: [weight, mailingDate]
      properties:
        weight: { type: number, minimum: 0, exclusiveMinimum: true }
        mailingDate: { type: string, format: date, example: "2026-11-23" }
        note: { type: string, nullable: true }
        to: { $ref: "#/components/schemas/Address" }
    Address:
      type: object
      properties:
        city: { type: string, minLength: 3 }
`;

const folder = mkdtempSync(join(tmpdir(), 'published-'));
const path = join(folder, 'labels.yaml');
writeFileSync(path, DOCUMENT);
afterAll(() => rmSync(folder, { recursive: true }));

describe("a carrier's published document", () => {
  const { misfits } = published(path);

  test('takes a body that fits', () => {
    expect(misfits('Label Request', { weight: 0.5, mailingDate: '2026-11-23', note: null, to: { city: 'Ely' } })).toEqual([]);
  });

  test.each([
    ['an unknown field', { weight: 1, mailingDate: '2026-11-23', wait: 1 }, 'additional'],
    ['a limit that excludes itself', { weight: 0, mailingDate: '2026-11-23' }, '/weight'],
    ['a format', { weight: 1, mailingDate: '2026-11-23T00:00:00Z' }, '/mailingDate'],
    ['what a reference leads to', { weight: 1, mailingDate: '2026-11-23', to: { city: 'A' } }, '/to/city'],
    ['a missing field', { weight: 1 }, 'mailingDate'],
  ])('says what is wrong: %s', (_what, body, said) => {
    expect(misfits('Label Request', body)).toEqual([expect.stringContaining(said)]);
  });

  test('takes a pointer for a schema, and names one that is not there', () => {
    expect(misfits('/components/schemas/Address', { city: 'Ely' })).toEqual([]);
    expect(() => misfits('Parcel', {})).toThrow('no /components/schemas/Parcel');
  });

  test('leaves out what it is told to, and notices when it is not there any more', () => {
    const without = ['/components/schemas/Address/properties/city/minLength', '/components/schemas/Label Request/required/0'];

    expect(published(path, { without }).misfits('Label Request', { mailingDate: '2026-11-23', to: { city: 'A' } })).toEqual([]);
    expect(() => published(path, { without: ['/components/schemas/Address/required'] })).toThrow('could be left out');
  });

  test('says why it cannot be had', () => {
    vi.stubEnv('CROSSDOCK_CARRIER_SCHEMAS', '');
    expect(publishedBy('usps', 'labels.yaml').skipped).toContain('CROSSDOCK_CARRIER_SCHEMAS is not set');
    vi.stubEnv('CROSSDOCK_CARRIER_SCHEMAS', folder);
    expect(publishedBy('usps', 'labels.yaml').skipped).toContain('no usps/labels.yaml');
    vi.unstubAllEnvs();
  });
});
