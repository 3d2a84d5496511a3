import { userInfo } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { Table } from '../adapters/aws/table.ts';
import { Rejected, Unavailable } from '../core/error.ts';
import { validateClients } from './commands/client.ts';
import { addConnectionsCommand } from './commands/connections.ts';
import { listDeadLetters } from './commands/dead-letters.ts';
import { explainOrder } from './commands/explain.ts';
import { addHandOverCommands } from './commands/hand-over.ts';
import { showReconciliations } from './commands/labels.ts';
import { listLevels } from './commands/levels.ts';
import { showOrder, showTimeline } from './commands/order.ts';
import { addParcelsCommand } from './commands/parcels.ts';
import { addPrivacyCommands } from './commands/privacy.ts';
import { addReplayCommand } from './commands/replay-group.ts';
import { fileOf, testRules } from './commands/rules.ts';
import { openBooks } from './commands/stock.ts';
import { checkAndRepair, checkStock } from './commands/stock-check.ts';
import { addStockCommands } from './commands/stock-group.ts';
import { findStack } from './stack.ts';
import type { Output } from './terminal.ts';

const program = new Command('crossdock')
  .description('Looks into a running hub. Finds the stack that npm start runs on this machine, else the deployed one.')
  .option('--client <id>', 'whose stack', 'demo')
  .option('--json', 'print one JSON document, for programs')
  .showHelpAfterError();

const order = program.command('order').description('orders');
order
  .command('show <id>')
  .description('where an order stands, what it waits for and what is in it; ids look like shop:1001')
  .action(async (id: string) => print(await showOrder(await stack(), id)));
order
  .command('explain <id>')
  .description('why an order does not move, why from there, why so many, what was promised, and what has to happen next')
  .action(async (id: string) => print(await explainOrder(await stack(), fileOf(program.opts<Options>().client), id)));
order
  .command('timeline <id>')
  .description('everything that happened to an order, oldest first')
  .action(async (id: string) => print(await showTimeline(await stack(), id)));

program
  .command('levels')
  .description('stock as storefronts were told it')
  .command('list')
  .description('list what each storefront was told of each SKU')
  .option('--drifted', 'only SKUs of which a storefront had more than it was told', false)
  .action(async ({ drifted }: { drifted: boolean }) => print(await listLevels(new Table((await stack()).tableName), fileOf(program.opts<Options>().client), drifted)));

program
  .command('labels')
  .description('labels that carriers sold')
  .command('differences')
  .description("in what each carrier's books differed from ours when they were compared last")
  .action(async () => print(await showReconciliations(new Table((await stack()).tableName), fileOf(program.opts<Options>().client))));

program
  .command('rules')
  .description('rules of a client file')
  .command('test')
  .description('show what the rules would do to stored orders; writes nothing')
  .option('--file <path>', 'the client file whose rules are tried; that of --client when none is named')
  .option('--limit <orders>', 'how many orders are read at most', wholeNumber, 1_000)
  .action(async ({ file, limit }: { file?: string; limit: number }) => {
    const { client } = program.opts<Options>();
    print(await testRules(await stack(), { file: file ?? fileOf(client), limit, progress: (text) => console.error(`crossdock: ${text}`) }));
  });

const stockGroup = program.command('stock').description('what is on the shelf, and what moves there');
addStockCommands(stockGroup, { stack, clientId: () => program.opts<Options>().client, print });
stockGroup
  .command('check')
  .description('compare the counters with their ledger and with what orders have reserved')
  .option('--repair', 'set counters that are wrong to what their ledger adds up to', false)
  .action(async ({ repair }: { repair: boolean }) => {
    const books = await openBooks(await stack(), program.opts<Options>().client);
    const checking = { ...books, now: () => new Date(), progress: (text: string) => console.error(`crossdock: ${text}`) };
    const result = repair ? await checkAndRepair(checking, `operator:${userInfo().username}`) : await checkStock(checking);
    print(result);
    if (!result.sound) process.exitCode = 1;
  });

program
  .command('dead-letters')
  .description('messages that no worker could do anything with')
  .command('list')
  .description('list them without taking them out')
  .option('--raw', 'also show the bytes as they were posted; they may hold personal data', false)
  .action(async ({ raw }: { raw: boolean }) => print(await listDeadLetters(await stack(), raw)));

const shell = { stack, clientId: () => program.opts<Options>().client, print };
addConnectionsCommand(program, shell);
addPrivacyCommands(program, shell);
addReplayCommand(program, shell);
addHandOverCommands(program, shell);
addParcelsCommand(program, shell);

program
  .command('client')
  .description('client files')
  .command('validate [files...]')
  .description('check client files to the last setting; all files in clients/ when none is named')
  .action(async (files: string[]) => {
    const result = await validateClients(files);
    print(result);
    if (!result.valid) process.exitCode = 1;
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof Rejected || error instanceof Unavailable)) throw error;
  console.error(program.opts<Options>().json ? JSON.stringify({ code: error.code, message: error.message }) : `crossdock: ${error.message}`);
  process.exitCode = 1;
}

interface Options {
  readonly client: string;
  readonly json?: boolean;
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError(`${JSON.stringify(text)} is not a whole number above 0.`);
}

function stack() {
  return findStack(program.opts<Options>().client);
}

function print({ json, text }: Output): void {
  console.log(program.opts<Options>().json ? JSON.stringify(json) : text);
}
