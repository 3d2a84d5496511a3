import { type Command, Option } from 'commander';
import { Table } from '../../adapters/aws/table.ts';
import { BookingKind } from '../../core/booking.ts';
import type { Stack } from '../stack.ts';
import type { Output } from '../terminal.ts';
import { bookOne, importFile, openBooks, showStock } from './stock.ts';

/** What the commands are run with. */
interface Shell {
  stack(): Promise<Stack>;
  clientId(): string;
  print(output: Output): void;
}

/** A command that books one movement: its options say the header of the booking, or something of each line. */
interface Single {
  readonly name: string;
  readonly kind: BookingKind;
  readonly description: string;
  /** How a line is written. */
  readonly line: string;
  /** Options by the field that they say. */
  readonly header: Readonly<Record<string, Option>>;
  readonly each?: Readonly<Record<string, Option>>;
}

const warehouse = () => new Option('--warehouse <id>', 'where').makeOptionMandatory();

const SINGLES: readonly Single[] = [
  {
    name: 'receive',
    kind: 'receipt',
    description: 'goods have arrived',
    line: 'sku=units, or sku=units@lot:expiry for goods that are kept by lot',
    header: {
      warehouse: warehouse(),
      against: new Option('--against <what>', 'what they answer: the open request to their plant, nothing, or a transfer').choices(['request', 'free', 'transfer']),
      transferId: new Option('--transfer <id>', 'the transfer, where they answer one'),
    },
  },
  {
    name: 'adjust',
    kind: 'adjustment',
    description: 'units were found, lost or damaged, or a figure was wrong',
    line: 'sku=units; with a minus where they are gone; sku=units@lot',
    header: {
      cause: new Option('--cause <cause>', 'damaged units go into quarantine').choices(['found', 'lost', 'damaged', 'correction']).makeOptionMandatory(),
      reason: new Option('--reason <text>', 'why, for those who ask later').makeOptionMandatory(),
    },
    each: { warehouse: warehouse() },
  },
  {
    name: 'transfer',
    kind: 'transfer',
    description: 'goods leave for another warehouse; book their arrival with receive --against transfer',
    line: 'sku=units or sku=units@lot',
    header: { from: new Option('--from <id>', 'warehouse').makeOptionMandatory(), to: new Option('--to <id>', 'warehouse').makeOptionMandatory() },
  },
  {
    name: 'count',
    kind: 'count',
    description: 'goods were counted; a large difference is booked when a recount finds it too',
    line: 'sku=counted, sku=counted/expected, sku=counted@lot',
    header: { warehouse: warehouse(), recount: new Option('--recount', 'counted again; give the id of the first count') },
  },
  {
    name: 'return',
    kind: 'return',
    description: 'a customer sent goods back; they go into quarantine',
    line: 'sku=units or sku=units@lot',
    header: {
      orderId: new Option('--order <id>', 'such as shop:1001').makeOptionMandatory(),
      warehouse: warehouse(),
      parcel: new Option('--parcel <n>', 'of the order').argParser(Number),
    },
  },
  {
    name: 'inspect',
    kind: 'inspection',
    description: 'goods in quarantine were looked at',
    line: 'sku=units or sku=units@lot',
    header: { warehouse: warehouse() },
    each: { verdict: new Option('--verdict <verdict>', 'on sale again, or thrown away').choices(['restock', 'scrap']).makeOptionMandatory() },
  },
];

/** Adds the commands that book and show stock. */
export function addStockCommands(stock: Command, shell: Shell): void {
  for (const single of SINGLES) addSingle(stock, single, shell);
  stock
    .command('show <sku>')
    .description('what there is of a SKU, in every place')
    .action(async (sku: string) => shell.print(await showStock(new Table((await shell.stack()).tableName), sku)));
  stock
    .command('import')
    .description('try a CSV file of bookings, or book all of it with --apply; docs/stock.md has the columns')
    .argument('<kind>', BookingKind.options.join(', '))
    .argument('<file>')
    .option('--id <id>', 'name of the import, by which a repeat is known; made of the content where none is given')
    .option('--apply', 'book it', false)
    .action(async (kind: string, path: string, { id, apply }: { id?: string; apply: boolean }) => {
      const known = BookingKind.safeParse(kind);
      if (!known.success) return stock.error(`error: ${JSON.stringify(kind)} is no kind of booking; kinds: ${BookingKind.options.join(', ')}`);
      const books = await openBooks(await shell.stack(), shell.clientId());
      const result = await importFile(books, { kind: known.data, path, id, apply, progress: (text) => console.error(`crossdock: ${text}`) });
      shell.print(result);
      if (!result.valid) process.exitCode = 1;
    });
}

function addSingle(stock: Command, { name, kind, description, line, header, each = {} }: Single, shell: Shell): void {
  const command = stock.command(name).description(description);
  for (const option of Object.values({ ...header, ...each })) command.addOption(option);
  command
    .addOption(new Option('--line <line>', `${line}; once for each`).argParser((text: string, before: string[] = []) => [...before, text]).makeOptionMandatory())
    .option('--id <id>', 'name of the booking: the same again changes nothing; made up where none is given')
    .action(async (options: Readonly<Record<string, unknown>> & { readonly line: string[]; readonly id?: string }) => {
      const said = (fields: Readonly<Record<string, Option>>) => Object.fromEntries(Object.entries(fields).map(([field, option]) => [field, options[option.attributeName()]]));
      const books = await openBooks(await shell.stack(), shell.clientId());
      shell.print(await bookOne(books, { kind, header: { id: options.id, ...said(header) }, lines: options.line, each: said(each) }));
    });
}
