import fc from 'fast-check';
import { describe, test } from 'vitest';
import { type Carrier, type LabelAtCarrier, loadCarrier, type ParsedUpdate } from '../../adapters/carrier.ts';
import type { Delivery } from '../../adapters/delivery.ts';
import type { HttpResponse } from '../../adapters/http.ts';
import { allAnswers, answering, answersOf, callWith, fixtureNames, mutatedAnswers, NONSENSE, purchaseOf, textOf } from './carrier-answers.ts';
import { filesIn } from './fixtures.ts';

const NO_PURCHASE = { reference: '', carrierRef: '', request: '', rate: { rateId: '', carrier: '', service: '', cost: 0, currency: '', deliveryDays: null } };

/** Runs tests over every file of adapters/carriers. One carrier that cannot be tested does not keep the others from being. */
export function forEveryCarrier(define: (carrier: CarrierUnderTest) => void): void {
  describe.each(filesIn('adapters/carriers'))('carrier %s', async (id) => {
    try {
      define(await carrierUnderTest(id));
    } catch (cause) {
      test('can be tested', () => {
        throw cause;
      });
    }
  });
}

export type CarrierUnderTest = Awaited<ReturnType<typeof carrierUnderTest>>;

/** An adapter, the least settings of a connection, its fixtures, and which of them its capabilities ask for. */
async function carrierUnderTest(id: string) {
  const carrier: Carrier = await loadCarrier(id);
  const least: object = JSON.parse(textOf(id, 'settings'));
  const settings = carrier.settings.parse(least);
  const can = carrier.capabilities(settings);
  // A carrier that prints no label is a person.
  const hasApi = can.labelFormats.length > 0;
  const signs = carrier.signature(settings).family !== 'transport';
  const isFound = hasApi && can.purchaseGuard !== 'none';
  const wanted = {
    quote: hasApi && can.ratesReturned,
    purchase: hasApi,
    bought: hasApi,
    refused: hasApi,
    found: isFound,
    // A carrier that repeats its answer to the same key has no purchase that is absent.
    absent: isFound && can.purchaseGuard !== 'key',
    voided: can.canVoid,
    update: signs,
    tracked: carrier.track !== undefined,
  };
  const bodies: readonly (readonly [string, NonNullable<Delivery['via']>])[] = [
    ...fixtureNames(id, 'update').map((name) => [textOf(id, name), 'webhook'] as const),
    ...fixtureNames(id, 'tracked').map((name) => [textOf(id, name), 'poll'] as const),
  ];
  const purchase = fixtureNames(id, 'purchase').includes('purchase') ? purchaseOf(id) : NO_PURCHASE;

  function callOf(...answers: readonly (HttpResponse | Error)[]) {
    return callWith(settings, answering(...answers).http);
  }

  /** Answers of this carrier to whatever it was asked, damaged or not. */
  function anyAnswers(): fc.Arbitrary<HttpResponse[]> {
    return fc.oneof(
      NONSENSE.map((answer) => [answer]),
      ...allAnswers(id).map(mutatedAnswers),
    );
  }

  /** The label of `bought.json`, as the hub remembers it. */
  async function sold(): Promise<LabelAtCarrier> {
    const bought = await carrier.buy(purchase, callOf(...answersOf(id, 'bought')));
    if (bought.outcome !== 'bought') throw new Error(`test/fixtures/${id}/bought.json is ${bought.outcome}: ${bought.reason}`);
    const { carrierRef, trackingNumber } = bought.label;
    return { reference: purchase.reference, carrierRef, trackingNumber };
  }

  return { id, carrier, least, settings, can, hasApi, signs, wanted, bodies, purchase, callOf, anyAnswers, sold };
}

/** What a callback tells; nothing where it is not for us. */
export function updatesOf(parsed: ParsedUpdate) {
  return parsed.kind === 'updates' ? parsed.updates : [];
}
