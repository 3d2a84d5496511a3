import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rejected, Unavailable } from '../../core/error.ts';
import { allAnswers, answering, answersOf, callWith, HUSH, manifestOf, NONSENSE, NOW, pickupOf, SHIPMENT, withStatus } from './carrier-answers.ts';
import { expectOurs, expectWhole } from './carrier-expectations.ts';
import { forEveryCarrier } from './carrier-under-test.ts';

// Whatever their body says: the outcome of a purchase is open.
const OPEN = [408, 409, 425, 429, 500, 502, 503, 504];
const LOST = new Unavailable('http.timeout', 'the carrier did not answer');
const DOWN = new Unavailable('carrier.down', 'the carrier is left alone for a minute');

/** What holds of the money that every carrier is asked to spend, and of what follows from it, whatever it answers. */
forEveryCarrier(({ id, carrier, settings, can, hasApi, wanted, purchase, callOf, anyAnswers, sold }) => {
  if (!hasApi) {
    test('leaves its purchases to a person, and calls nobody', async () => {
      const { rates } = await carrier.quote(SHIPMENT, callOf());
      const [rate] = rates;
      if (rate === undefined) throw new Error('no rate');
      const byHand = { reference: SHIPMENT.reference, carrierRef: '', rate, request: carrier.draft(SHIPMENT, '', rate, settings) };

      expect(can.purchaseGuard).toBe('none');
      expect(await carrier.buy(byHand, callOf())).toMatchObject({ outcome: 'unknown' });
      expect(await carrier.find(byHand, callOf())).toMatchObject({ outcome: 'unknown' });
    });
    return;
  }

  test('are one call with exactly the bytes that were written down, and a whole label', async () => {
    const played = answering(...answersOf(id, 'bought'));
    const bought = await carrier.buy(purchase, callWith(settings, played.http));

    expect(bought).toMatchObject({ outcome: 'bought' });
    if (bought.outcome === 'bought') expectWhole(bought.label, can.labelFormats);
    expect(played.asked).toHaveLength(1);
    expect(String(played.asked[0]?.body)).toBe(purchase.request);
    expect(played.asked[0]?.url).not.toContain(HUSH);
  });

  test('are refused by an answer that proves it, and open by the same words with a status that proves nothing', async () => {
    const refused = answersOf(id, 'refused');

    expect(await carrier.buy(purchase, callOf(...refused))).toMatchObject({ outcome: 'refused', again: false });
    for (const status of OPEN) expect(await carrier.buy(purchase, callOf(...withStatus(refused, status))), String(status)).toMatchObject({ outcome: 'unknown' });
  });

  test('are open when the answer is lost or says nothing for certain, whatever its body', async () => {
    for (const status of OPEN) {
      for (const answers of allAnswers(id)) expect(await carrier.buy(purchase, callOf(...withStatus(answers, status))), String(status)).toMatchObject({ outcome: 'unknown' });
    }
    expect(await carrier.buy(purchase, callOf(LOST))).toMatchObject({ outcome: 'unknown' });
  });

  test('were surely not made when the request never left, and may be made again', async () => {
    expect(await carrier.buy(purchase, callOf(DOWN))).toMatchObject({ outcome: 'refused', again: true });
  });

  test('are not made by an answer that nobody can read', async () => {
    await fc.assert(
      fc.asyncProperty(NONSENSE, async (answer) => {
        const played = answering(answer);
        const { outcome } = await carrier.buy(purchase, callWith(settings, played.http));
        expect(answer.status < 400 ? ['unknown'] : ['unknown', 'refused']).toContain(outcome);
        expect(played.asked).toHaveLength(1);
      }),
    );
  });

  test('have one of three outcomes whatever went wrong with an answer, and a whole label if any', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswers(), async (answers) => {
        const played = answering(...answers);
        const bought = await carrier.buy(purchase, callWith(settings, played.http));
        expect(['bought', 'refused', 'unknown']).toContain(bought.outcome);
        if (bought.outcome === 'bought') expectWhole(bought.label);
        expect(JSON.stringify(bought)).not.toContain(HUSH);
        expect(played.asked).toHaveLength(1);
        if (OPEN.includes(answers[0]?.status ?? 0)) expect(bought.outcome).toBe('unknown');
      }),
      { numRuns: 500 },
    );
  });

  if (wanted.found)
    test('are found again, with a whole label', async () => {
      const found = await carrier.find(purchase, callOf(...answersOf(id, 'found')));

      expect(found).toMatchObject({ outcome: 'bought' });
      if (found.outcome === 'bought') expectWhole(found.label);
    });

  if (wanted.absent)
    test('are absent when the carrier says that it has none', async () => {
      expect(await carrier.find(purchase, callOf(...answersOf(id, 'absent')))).toEqual({ outcome: 'absent' });
    });

  test('are looked up without an exception, and absent by nothing that nobody can read', async () => {
    await fc.assert(
      fc.asyncProperty(NONSENSE, async (answer) => {
        if (wanted.absent && answersOf(id, 'absent').some(({ status }) => status === answer.status)) return;
        expect(await carrier.find(purchase, callOf(answer))).toMatchObject({ outcome: 'unknown' });
      }),
    );
    await fc.assert(
      fc.asyncProperty(anyAnswers(), async (answers) => {
        const found = await carrier.find(purchase, callOf(...answers));
        expect(['bought', 'absent', 'unknown']).toContain(found.outcome);
        if (found.outcome === 'bought') expectWhole(found.label);
        expect(JSON.stringify(found)).not.toContain(HUSH);
      }),
      { numRuns: 300 },
    );
    for (const failure of [LOST, DOWN]) expect(await carrier.find(purchase, callOf(failure))).toMatchObject({ outcome: 'unknown' });
  });

  test('have a label that is out of reach where the carrier says so, and is fetched elsewhere without our secrets', async () => {
    const label = await sold();
    const gone = callOf({ status: 404, headers: {}, body: Buffer.from('') });
    await expect(carrier.label(label, null, gone)).rejects.toBeInstanceOf(Rejected);

    const played = answering({ status: 200, headers: {}, body: Buffer.from('%PDF-1.7\n') });
    await carrier.label(label, 'https://labels.example.com/1', callWith(settings, played.http)).catch(expectOurs);
    for (const { url, headers } of played.asked) if (url.startsWith('https://labels.example.com')) expect(JSON.stringify(headers ?? {})).not.toContain(HUSH);
  });

  if (can.canVoid)
    test('are taken back', async () => {
      const { outcome } = (await carrier.void?.(await sold(), callOf(...answersOf(id, 'voided')))) ?? {};

      expect(can.voidIsAsync ? ['voided', 'pending'] : ['voided']).toContain(outcome);
    });

  if (can.canVoid)
    test('are taken back without an exception, and by nothing that nobody can read', async () => {
      const label = await sold();
      await fc.assert(
        fc.asyncProperty(NONSENSE, async (answer) => {
          const voided = await carrier.void?.(label, callOf(answer));
          expect(answer.status < 300 ? ['unknown'] : ['unknown', 'refused']).toContain(voided?.outcome);
        }),
      );
      await fc.assert(
        fc.asyncProperty(anyAnswers(), async (answers) => {
          const voided = await carrier.void?.(label, callOf(...answers));
          expect(['voided', 'pending', 'refused', 'unknown']).toContain(voided?.outcome);
          expect(JSON.stringify(voided)).not.toContain(HUSH);
        }),
        { numRuns: 300 },
      );
      for (const failure of [LOST, DOWN]) expect(await carrier.void?.(label, callOf(failure))).toMatchObject({ outcome: 'unknown' });
    });

  if (carrier.manifest !== undefined)
    test('are closed into a day without an exception, whatever is answered', async () => {
      const label = await sold();
      await fc.assert(
        fc.asyncProperty(anyAnswers(), async (answers) => {
          const closed = await carrier.manifest?.close(manifestOf(label), callOf(...answers));
          const looked = await carrier.manifest?.look(manifestOf(label), null, callOf(...answers));
          for (const one of [closed, looked]) expect(['closed', 'pending', 'refused', 'unknown']).toContain(one?.outcome);
          if (OPEN.includes(answers[0]?.status ?? 0) && answers.length === 1) expect(closed?.outcome).not.toBe('closed');
        }),
        { numRuns: 300 },
      );
      const lost = answering(LOST);
      const { outcome } = (await carrier.manifest?.close(manifestOf(label), callWith(settings, lost.http))) ?? {};
      // What its settings rule out is refused without a call.
      expect(outcome).toBe(lost.asked.length === 0 ? 'refused' : 'unknown');
    });

  if (carrier.pickup !== undefined)
    test('are collected without an exception, whatever is answered', async () => {
      const label = await sold();
      await fc.assert(
        fc.asyncProperty(anyAnswers(), async (answers) => {
          const booked = await carrier.pickup?.book(pickupOf(label), callOf(...answers));
          const cancelled = await carrier.pickup?.cancel('CONF1', callOf(...answers));
          expect(['booked', 'refused', 'later', 'unknown']).toContain(booked?.outcome);
          expect(['cancelled', 'refused', 'unknown']).toContain(cancelled?.outcome);
        }),
        { numRuns: 300 },
      );
      const lost = answering(LOST);
      const { outcome } = (await carrier.pickup?.book(pickupOf(label), callWith(settings, lost.http))) ?? {};
      // Where a purchase has two steps a pickup has as well, and the first books nothing.
      expect(outcome).toBe(lost.asked.length === 0 ? 'refused' : can.purchaseGuard === 'two-step' ? 'later' : 'unknown');
    });

  test('and all its other calls fail with nothing but the two kinds, and tell no secret', async () => {
    const label = await sold();
    await fc.assert(
      fc.asyncProperty(anyAnswers(), async (answers) => {
        const call = () => callOf(...answers);
        const results = await Promise.allSettled([
          carrier.quote(SHIPMENT, call()),
          carrier.track?.([label.trackingNumber], call()),
          carrier.checkAddress?.(SHIPMENT.to, call()),
          carrier.list?.('2026-11-19T09:00:00.000Z', null, call()),
          carrier.subscribe?.(call()),
          carrier.refresh?.({ settings, apiKey: `${HUSH}-key`, secret: `${HUSH}-token`, http: answering(...answers).http, now: NOW }),
          carrier.label(label, null, call()),
        ]);
        for (const result of results) if (result.status === 'rejected') expectOurs(result.reason);
      }),
      { numRuns: 300 },
    );
  });
});
