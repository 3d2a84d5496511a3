import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { MessageQueue } from '../../adapters/aws/message-queue.ts';
import { Bucket } from '../../adapters/aws/object-store.ts';
import { Table } from '../../adapters/aws/table.ts';
import { loadClient } from '../../adapters/client.ts';
import { Rejected } from '../../core/error.ts';
import type { FoundStack } from '../stack.ts';
import type { Output } from '../terminal.ts';
import { type Replayer, replay } from './replay.ts';
import { fileOf } from './rules.ts';

/** What the command is run with. */
interface Shell {
  stack(): Promise<FoundStack>;
  clientId(): string;
  print(output: Output): void;
}

interface Options {
  readonly connection: string;
  readonly since: string;
  readonly until?: string;
  readonly order?: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** Adds the command that takes in once more what storefronts brought. */
export function addReplayCommand(program: Command, shell: Shell): void {
  program
    .command('replay')
    .description('take in once more what a storefront brought; shows what would change before it does')
    .requiredOption('--connection <id>', 'the storefront connection, as in the client file')
    .requiredOption('--since <time>', '30m, 2h or 3d (ago), a day such as 2026-11-20 (UTC), or 2026-11-20T09:00:00Z')
    .option('--until <time>', 'the same; now where none is given')
    .option('--order <id>', 'only what is about this order; such as shop:1001, or the id that the storefront gave it')
    .option('--dry-run', 'only show what would change', false)
    .option('--yes', 'do not ask before it is sent', false)
    .action(async (options: Options) => {
      const result = await replay(await openReplayer(await shell.stack(), shell.clientId(), options.yes), options);
      shell.print(result);
      if (!result.complete) process.exitCode = 1;
    });
}

async function openReplayer({ where, tableName, deliveriesBucket, inboxUrl }: FoundStack, clientId: string, yes: boolean): Promise<Replayer> {
  if (deliveriesBucket === '' || inboxUrl === '')
    throw new Rejected('stack.outdated', `The stack of ${where} keeps no deliveries yet: deploy this version of it first, or start it anew with npm start.`);
  return {
    where,
    client: (await loadClient(fileOf(clientId))).client,
    table: new Table(tableName),
    archive: new Bucket(deliveriesBucket),
    inbox: new MessageQueue(inboxUrl),
    now: () => new Date(),
    progress: (text) => console.error(`crossdock: ${text}`),
    confirm: yes ? async () => true : ask,
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  };
}

/** @throws Rejected `replay.unconfirmed` where nobody can be asked */
async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Rejected('replay.unconfirmed', 'Nobody is there to be asked: look at --dry-run first, then say --yes.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
