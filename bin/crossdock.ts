import { Command } from 'commander';
import { Rejected, Unavailable } from '../core/error.ts';
import { validateClients } from './commands/client.ts';
import { listDeadLetters } from './commands/dead-letters.ts';
import { showOrder, showTimeline } from './commands/order.ts';
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
  .command('timeline <id>')
  .description('everything that happened to an order, oldest first')
  .action(async (id: string) => print(await showTimeline(await stack(), id)));

program
  .command('dead-letters')
  .description('messages that no worker could do anything with')
  .command('list')
  .description('list them without taking them out')
  .option('--raw', 'also show the bytes as they were posted; they may hold personal data', false)
  .action(async ({ raw }: { raw: boolean }) => print(await listDeadLetters(await stack(), raw)));

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

function stack() {
  return findStack(program.opts<Options>().client);
}

function print({ json, text }: Output): void {
  console.log(program.opts<Options>().json ? JSON.stringify(json) : text);
}
