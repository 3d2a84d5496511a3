import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadDocument } from '../../../adapters/document.ts';
import { dayNamed } from '../../../core/day.ts';
import { checksumOf, DailyReport, dailyReport } from '../../../core/report.ts';
import { client, dayOfTrade, period } from '../../core/report-day.ts';

const FORMATS = readdirSync(new URL('../../../adapters/documents/', import.meta.url)).map((file) => file.replace(/\.ts$/, ''));
const BUSY = dailyReport(dayOfTrade(210), period, client);
const SMALL = dailyReport(dayOfTrade(12), period, client);
const EMPTY = dailyReport([], period, client);
const context = { client, generatedAt: new Date('2026-11-23T05:00:00.000Z') };

/** A report in which every text that comes from outside is the one given. */
function reportSaying(text: string, report = BUSY): DailyReport {
  const foreign = (_: string, value: unknown) =>
    value === 'UPS' || value === 'easypost' || value === 'shop' || value === 'TENT-2P' || value === 'Two-person tent' || (typeof value === 'string' && value.includes('<b>'))
      ? text
      : value;
  return DailyReport.parse({ ...JSON.parse(JSON.stringify(report, foreign)), client: { ...report.client, name: text } });
}

async function textOf(id: string, report: DailyReport): Promise<string> {
  return (await loadDocument(id)).render(report, context).toString('utf8');
}

describe.each(FORMATS)('the document format %s', (id) => {
  it('is named after its file and says what it is', async () => {
    const document = await loadDocument(id);

    expect(document.id).toBe(id);
    expect(document.extension).toMatch(/^[a-z]+$/);
    expect(document.contentType).toMatch(/^[a-z]+\/[a-z]+(; charset=utf-8)?$/);
  });

  it('writes the same bytes for the same report', async () => {
    const document = await loadDocument(id);

    expect(document.render(BUSY, context).equals(document.render(DailyReport.parse(JSON.parse(JSON.stringify(BUSY))), context))).toBe(true);
  });

  it('prints an instant of writing only when it is given one', async () => {
    const document = await loadDocument(id);

    expect(document.render(BUSY, context).toString('utf8')).toContain('2026-11-23T05:00:00.000Z');
    expect(document.render(BUSY, { client }).toString('utf8')).not.toContain('2026-11-23T05:00:00.000Z');
  });

  it('writes any report: busy, empty, and of a day without hours', async () => {
    const never = dailyReport([], dayNamed('2011-12-30', 'Pacific/Apia'), client);
    for (const report of [BUSY, EMPTY, never]) {
      const text = await textOf(id, report);
      expect(text).toContain(checksumOf(report));
      expect(text).not.toMatch(/undefined|NaN|\[object|Infinity/);
    }
  });
});

describe('the page', () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror=alert(2)>'&{{7*7}}\u202E`;

  it('lets no text from outside become markup', async () => {
    const page = await textOf('html', reportSaying(hostile));

    expect(page).not.toMatch(/<(script|img|iframe|object|embed|form|base)\b/i);
    expect(page).not.toContain('\u202E');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(unbalanced(page)).toEqual([]);
  });

  it('asks for nothing from anywhere and forbids it as well', async () => {
    const page = await textOf('html', BUSY);

    expect(page).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">`);
    expect(page).not.toMatch(/(https?:)?\/\/[a-z]|url\(|@import| on[a-z]+=/i);
    expect(page.match(/(?:src|href)="([^"#]+)"/g)).toEqual(['href="data:,"']);
  });

  it('gives every table a caption and headings, and the drawing a title and a description', async () => {
    const page = await textOf('html', BUSY);
    const tables = page.match(/<table>.*?<\/table>/gs) ?? [];

    expect(tables.length).toBeGreaterThan(8);
    for (const table of tables) expect(table).toMatch(/<caption>[^<]+<\/caption>\s*<thead><tr><th scope="col">.*<th scope="row">/s);
    expect(page).toMatch(
      /<svg[^>]* role="img" aria-labelledby="hours-title hours-description">\s*<title id="hours-title">.+<\/title><desc id="hours-description">210 orders in 24 hours; most from \d\d:00 to \d\d:00: \d+\.<\/desc>/,
    );
    expect(unbalanced(page)).toEqual([]);
  });

  it('says in words what an empty day has nothing of', async () => {
    const page = await textOf('html', EMPTY);

    for (const words of ['A quiet day', 'No order was received, so there is nothing to draw.', 'No label was bought.', 'Nothing asks for a person', 'No supply was requested'])
      expect(page).toContain(words);
  });

  it('writes numbers and money as the client’s locale does', async () => {
    const german = { ...client, reports: { ...client.reports, locale: 'de-DE' } };
    const document = await loadDocument('html');
    const report = {
      ...BUSY,
      headline: {
        ...BUSY.headline,
        orderValue: [
          { currency: 'EUR', amount: 123_456_789 },
          { currency: 'JPY', amount: 5000 },
        ],
      },
    };

    expect(document.render(report, { client }).toString('utf8')).toContain('<span>€1,234,567.89</span><span>JP¥5,000</span>');
    expect(document.render(report, { client: german }).toString('utf8')).toContain('<span>1.234.567,89\u00A0€</span><span>5.000\u00A0¥</span>');
  });

  it('lists what needs somebody with what to do', async () => {
    const page = await textOf('html', BUSY);

    expect(page).toContain(`<span class="count">${BUSY.headline.orders.open}</span> orders wait`);
    expect(page).toContain('Correct the address, then authorise the order.');
    expect(page).toContain('each has an open supply request below');
  });
});

describe('the table for spreadsheets', () => {
  it('opens with the mark that makes Excel read UTF-8, and has five cells in every line', async () => {
    const text = await textOf('csv', BUSY);

    expect(text.startsWith('\uFEFF"section",')).toBe(true);
    expect(cellsOf(text).every((row) => row.length === 5)).toBe(true);
  });

  it('holds the figures of the report with their units', async () => {
    const rows = cellsOf(await textOf('csv', BUSY)).map((row) => row.join('|'));

    expect(rows).toContain('headline|all|received|orders|210');
    expect(rows).toContain(`headline|all|orderValue|EUR|11024.90`);
    expect(rows.filter((row) => row.startsWith('open order|')).length).toBe(BUSY.exceptions.open.length * 6);
  });

  it('never lets a text run as a formula', async () => {
    const prefix = fc.constantFrom('=', '+', '-', '@', ' =', '\t=', '\u200B=', '\uFEFF+', '\u00AD@', '\r\n-', '\u0301=', '\u2028=', '\uFF1D', '"=');
    const texts = fc.tuple(fc.array(prefix, { maxLength: 3 }), fc.string({ maxLength: 20, unit: 'binary' })).map(([start, rest]) => start.join('') + rest);
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const cells = cellsOf(await textOf('csv', reportSaying(text, SMALL))).flat();
        expect(cells.filter((cell) => !/^-?\d+(\.\d+)?$/.test(cell) && runs(cell))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('the data for programs', () => {
  it('reads back as the report it was written from', async () => {
    const { format, checksum, report } = JSON.parse(await textOf('json', BUSY));

    expect(format).toBe('crossdock.daily-report');
    expect(DailyReport.parse(report)).toEqual(BUSY);
    expect(checksum).toBe(checksumOf(BUSY));
  });
});

/** Whether a spreadsheet could take a cell for a formula, or for more than one line. */
function runs(cell: string): boolean {
  return /^[\s\p{Cc}\p{Cf}\p{Z}\p{M}]*[=+\-@＝＋－＠]/u.test(cell) || /[\r\n\t]/.test(cell);
}

/** Tags that are opened and not closed, or closed and not open. */
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, closing, name = '', , selfClosing] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:\s[^<>]*?)?)(\/?)>/g)) {
    if (selfClosing === '/' || ['meta', 'link', 'br'].includes(name)) continue;
    if (closing === '') open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
}

/** Reads CSV as RFC 4180 has it. */
function cellsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.replace(/^\uFEFF/, '').matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}
