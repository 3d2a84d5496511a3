import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { type Books, book } from '../../adapters/aws/booking-store.ts';
import { bookImport, type Import, type Imported, type Progress, rehearse, type Totals } from '../../adapters/aws/import-store.ts';
import { readLots } from '../../adapters/aws/stock-store.ts';
import { Table } from '../../adapters/aws/table.ts';
import { loadClient } from '../../adapters/client.ts';
import { readCsv } from '../../adapters/csv.ts';
import { Booking, BookingId, type BookingKind } from '../../core/booking.ts';
import type { BookedLine } from '../../core/booking-desk.ts';
import { type RowProblem, readBookingFile, rowProblem } from '../../core/booking-file.ts';
import { Rejected } from '../../core/error.ts';
import { ulid } from '../../core/id.ts';
import type { Stock } from '../../core/inventory.ts';
import type { Act } from '../../core/order.ts';
import type { Stack } from '../stack.ts';
import { columns, type Output } from '../terminal.ts';
import { fileOf } from './rules.ts';

/** Opens what bookings are written with: the table of a stack, and the client file of this checkout. */
export async function openBooks(stack: Stack, clientId: string): Promise<Books> {
  const { client } = await loadClient(fileOf(clientId));
  return { table: new Table(stack.tableName), client, newId: () => ulid(new Date(), randomBytes(10)) };
}

/** The person at the command line. */
function operator(): Act {
  return { by: `operator:${userInfo().username}`, now: new Date() };
}

/** A booking as the options of a command say it: what is said once, and the lines as they were typed. */
export interface Typed {
  readonly kind: BookingKind;
  readonly header: Readonly<Record<string, unknown>>;
  /** `TENT=5`, `MILK=5@lot-7`, `MILK=5@lot-7:2027-01-31`; for a count also `TENT=3/5`: 3 counted, 5 expected. */
  readonly lines: readonly string[];
  /** What is said of every line. */
  readonly each: Readonly<Record<string, unknown>>;
}

/** Books one movement of stock. @throws Rejected when it cannot be booked */
export async function bookOne(books: Books, typed: Typed): Promise<Output> {
  const { kind, header, lines, each } = typed;
  const said = { id: books.newId(), ...defined(header), kind, lines: lines.map((line) => ({ ...lineOf(kind, line), ...defined(each) })) };
  const parsed = Booking.safeParse(said);
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Rejected('request.invalid', `The booking cannot be used: ${problems.join('; ')}.`);
  }
  const outcome = await book(parsed.data, books, operator());
  if (outcome.kind === 'refused') throw new Rejected(outcome.code, outcome.why);
  const { id } = parsed.data;
  const state = outcome.booked === 'now' ? 'is booked' : 'was booked before; nothing changed';
  return { json: { kind, id, booked: outcome.booked, lines: outcome.lines }, text: `${kind} ${id} ${state}\n${columns(outcome.lines.map(lineRow))}` };
}

function defined(said: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

const LINE = /^(?<sku>.+)=(?<units>[^=@/]*)(?:\/(?<expected>[^=@/]*))?(?:@(?<lot>[^@:]+)(?::(?<expiresOn>[^@]+))?)?$/;

/** @throws Rejected `stock.line-unreadable` */
function lineOf(kind: BookingKind, line: string): Record<string, unknown> {
  const { sku, units = '', expected, lot, expiresOn } = LINE.exec(line)?.groups ?? {};
  if (sku === undefined)
    throw new Rejected('stock.line-unreadable', `${JSON.stringify(line.slice(0, 80))} is no line; write it like TENT=5, or MILK=5@lot-7 for goods that are kept by lot.`);
  return defined({ sku, [kind === 'count' ? 'counted' : 'quantity']: numeral(units), lot, expiresOn, expected: expected === undefined ? undefined : numeral(expected) });
}

function numeral(text: string): number | string {
  return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : text;
}

function lineRow({ sku, warehouse, lot, onHand, quarantined, asked, over = 0, short = 0, transferId }: BookedLine): string[] {
  const against = asked === undefined ? '' : `${asked} asked for${over > 0 ? `, ${over} over` : short > 0 ? `, ${short} short` : ''}`;
  const sent = transferId !== undefined && asked === undefined ? `on its way as transfer ${transferId}` : '';
  return [placeName({ sku, warehouse, lot }), `on hand ${signed(onHand)}`, `quarantined ${signed(quarantined)}`, against || sent];
}

function placeName({ sku, warehouse, lot }: Pick<BookedLine, 'sku' | 'warehouse' | 'lot'>): string {
  return `${sku} in ${warehouse}${lot === undefined ? '' : `, lot ${lot}`}`;
}

function signed(units: number): string {
  return units > 0 ? `+${units}` : String(units);
}

/** Shows what there is of a SKU, in every place. @throws Rejected `inventory.unknown` */
export async function showStock(table: Table, sku: string): Promise<Output> {
  const stock = await readLots(table, sku);
  if (stock.length === 0) throw new Rejected('inventory.unknown', `No stock of ${JSON.stringify(sku.slice(0, 80))} was ever booked.`);
  const rows = stock.map((one) => [one.warehouse, one.lot ?? '', one.expiresOn ?? '', ...FIGURES.map(([name]) => String(one[name]))]);
  const sums = FIGURES.map(([name]) => String(stock.reduce((sum, one) => sum + one[name], 0)));
  const header = ['warehouse', 'lot', 'expires', ...FIGURES.map(([, title]) => title)];
  return { json: { sku, places: stock.map(placeFacts) }, text: `stock of ${sku}\n${columns([header, ...rows, ['all', '', '', ...sums]])}` };
}

const FIGURES = [
  ['onHand', 'on hand'],
  ['reserved', 'reserved'],
  ['quarantined', 'quarantined'],
  ['available', 'available'],
  ['incoming', 'incoming'],
] as const satisfies readonly (readonly [keyof Stock, string])[];

function placeFacts({ warehouse, lot, expiresOn, onHand, reserved, quarantined, available, incoming }: Stock) {
  return { warehouse, lot, expiresOn, onHand, reserved, quarantined, available, incoming };
}

/** What `stock import` is told. */
export interface ImportOptions {
  readonly kind: BookingKind;
  readonly path: string;
  readonly id?: string | undefined;
  /** Whether to book; else it is only tried. */
  readonly apply: boolean;
  /** Hears from a file that takes longer than a second. */
  readonly progress: (text: string) => void;
}

/** What became of a file. */
interface Report {
  readonly booked: 'no' | 'now' | 'already';
  readonly totals?: Totals;
  readonly problems: readonly RowProblem[];
}

const PROBLEMS_SHOWN = 50;

/** Tries or books a file of bookings. @returns also whether the file can be booked, or is */
export async function importFile(books: Books, options: ImportOptions): Promise<Output & { readonly valid: boolean }> {
  const { kind, path, apply } = options;
  const bytes = await readBytes(path);
  const digest = createHash('sha256').update(`${kind}\n`).update(bytes).digest('hex').slice(0, 32);
  const importId = idOf(options.id ?? digest);
  const { columns: header, rows: cells } = readCsv(bytes);
  const { entries, rows, problems } = readBookingFile(kind, header, cells, importId, books.client);
  const file = { importId, kind, digest, entries };
  const report = problems.length > 0 ? { booked: 'no' as const, problems } : await carryOut(file, rows, books, options);
  const { totals } = report;
  const json = { importId, kind, applied: apply, booked: report.booked, totals, problems: report.problems.slice(0, PROBLEMS_SHOWN), problemsInAll: report.problems.length };
  return { json, text: describe(file, cells.length, report), valid: report.problems.length === 0 };
}

async function carryOut(file: Import, rows: readonly number[], books: Books, { apply, progress }: ImportOptions): Promise<Report> {
  const meter = meterOf(file.entries.length, progress);
  const outcome: Imported | Awaited<ReturnType<typeof rehearse>> = apply ? await bookImport(file, books, operator(), meter) : await rehearse(file, books, operator(), meter);
  const problems = 'refusals' in outcome ? outcome.refusals.map((refusal) => rowProblem(refusal, rows)) : [];
  return { booked: 'booked' in outcome ? outcome.booked : 'no', ...('totals' in outcome && { totals: outcome.totals }), problems };
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Rejected('csv.not-found', `${path} cannot be read.`, { cause });
  }
}

function idOf(text: string): string {
  const parsed = BookingId.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Rejected('request.invalid', `id: ${parsed.error.issues[0]?.message}.`);
}

/** Says how far a file is, once a second from the second on. */
function meterOf(all: number, say: (text: string) => void): Progress {
  const begun = new Map<string, number>();
  let said = performance.now();
  return (step, rows) => {
    const now = performance.now();
    begun.set(step, begun.get(step) ?? said);
    if (now - said < 1_000) return;
    said = now;
    const seconds = (now - (begun.get(step) ?? now)) / 1_000;
    say(`${number(rows)} of ${number(all)} rows ${step}, ${Math.floor((rows * 100) / all)} %, ${number(Math.round(rows / seconds))} rows/s`);
  };
}

function number(value: number): string {
  return value.toLocaleString('en');
}

const STATES = { no: 'nothing is booked', now: 'is booked', already: 'was booked before; nothing changed' };

function describe({ kind, importId }: Import, rows: number, { booked, totals, problems }: Report): string {
  const shown = problems.slice(0, PROBLEMS_SHOWN).map(({ row, column, message }) => `  row ${row}${column === '' ? '' : `, column ${column}`}: ${message}`);
  const more = problems.length > PROBLEMS_SHOWN ? [`  and ${number(problems.length - PROBLEMS_SHOWN)} more`] : [];
  const facts = totals === undefined ? [] : columns(totalRows(totals)).split('\n');
  const then = booked === 'no' ? [problems.length > 0 ? 'mend the file and try again' : 'book it with --apply'] : [];
  return [`${kind} file, ${number(rows)} ${rows === 1 ? 'row' : 'rows'}, import ${importId}: ${STATES[booked]}`, ...shown, ...more, ...facts, ...then].join('\n');
}

function totalRows({ places, gained, lost, toQuarantine, fromQuarantine, over, short, givenUp }: Totals): string[][] {
  const figures: [string, number, string][] = [
    ['places', places, 'touched'],
    ['on hand', gained, 'units more'],
    ['on hand', lost, 'units fewer'],
    ['quarantine', toQuarantine, 'units into it'],
    ['quarantine', fromQuarantine, 'units out of it'],
    ['asked for', over, 'units over'],
    ['asked for', short, 'units short'],
    ['reserved', givenUp, 'units that orders give up'],
  ];
  return figures.filter(([name, value]) => value > 0 || name === 'places').map(([name, value, unit]) => [name, number(value), unit]);
}
