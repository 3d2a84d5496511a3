import { Table } from '../../adapters/aws/table.ts';
import { loadClient } from '../../adapters/client.ts';
import { explainOrder as explain } from '../../adapters/explain.ts';
import type { Explanation, Facts, Statement, Step } from '../../core/explanation.ts';
import { printMoney } from '../../core/money.ts';
import { type Exclusion, type Selection, serviceName } from '../../core/selection.ts';
import { ROUTES } from '../../functions/shell/routes.ts';
import type { Stack } from '../stack.ts';
import { columns, type Output } from '../terminal.ts';

/** Explains one order: why it is where it is, why from there, why so many, what was promised, and what has to happen. */
export async function explainOrder(stack: Stack, clientFile: string, orderId: string, table = new Table(stack.tableName)): Promise<Output> {
  const { client } = await loadClient(clientFile);
  const explanation = await explain({ table, client, routes: ROUTES, now: () => new Date() }, orderId);
  return { json: explanation, text: describe(explanation) };
}

/** An explanation as a person reads it on a terminal. */
export function describe({ orderId, number, status, because, next }: Explanation): string {
  const questions = [...Map.groupBy(because, ({ question }) => question)].map(([question, statements]) => [question, ...statements.map(paragraph)].join('\n'));
  const steps = next.length === 0 ? ['  Nothing: it waits for nobody.'] : next.map(stepLine);
  return [`order ${orderId} (${number}): ${status}`, ...questions, ['What has to happen next?', ...steps].join('\n')].join('\n\n');
}

function paragraph({ answer, facts }: Statement): string {
  const table = facts.about === 'allocation' ? siteTable(facts) : facts.about === 'service' ? serviceTable(facts.selection) : '';
  return [wrap(answer), table].filter(Boolean).join('\n');
}

function siteTable({ sites, chosen }: Extract<Facts, { readonly about: 'allocation' }>): string {
  const rows = sites.map(({ warehouse, distance, leaves, full, has, short }) => [
    '',
    chosen.includes(warehouse) ? 'chosen' : '-',
    warehouse,
    DISTANCES[distance],
    `leaves ${leaves}${full ? ', full before' : ''}`,
    has === 'all' ? 'has all of it' : `lacks ${shortList(short.map(({ sku, wanted, available }) => `${wanted - available} x ${sku}`))}`,
  ]);
  return columns(rows);
}

/** Services that are listed: those that were near to being chosen. */
const SERVICES_SHOWN = 8;

function serviceTable({ candidates, chosen }: Selection): string {
  const rows = candidates.slice(0, SERVICES_SHOWN).map((one) => {
    const isChosen = chosen !== null && one.out === null && one.carrierId === chosen.carrierId && serviceName(one) === serviceName(chosen.rate);
    return [
      '',
      isChosen ? 'chosen' : '-',
      one.carrierId,
      serviceName(one),
      `${printMoney(one.cost, one.currency)} ${one.currency}`,
      one.expectedBy === null ? 'no day named' : `there ${one.expectedBy}${one.meets === false ? ', too late' : ''}`,
      one.onTime === null ? '' : `late ${one.onTime.late} of ${one.onTime.parcels} times`,
      one.out === null ? '' : `not bought: ${EXCLUDED[one.out]}`,
    ];
  });
  return columns(rows);
}

const EXCLUDED: Readonly<Record<Exclusion, string>> = {
  'not-allowed': 'no rule names it',
  'from-elsewhere': 'not from this warehouse',
  destination: 'not to this destination',
  weight: 'too heavy',
  value: 'worth too much',
  size: 'too large',
  hazardous: 'dangerous goods',
  'po-box': 'a PO box',
  military: 'a military address',
  currency: 'no exchange rate for its currency',
};

const SHOWN = 2;

function shortList(names: readonly string[]): string {
  return names.length > SHOWN ? `${names.slice(0, SHOWN).join(', ')} and more` : names.join(', ');
}

const DISTANCES = { region: 'near the region', country: 'in the country', elsewhere: 'elsewhere' } as const;

function stepLine({ who, does, how }: Step): string {
  const line = wrap(`${capital(who)} has to ${does}.`);
  if (how === undefined) return line;
  const body = how.body.length === 0 ? '' : ` {${how.body.join(', ')}}`;
  return `${line}\n      ${how.method} ${how.path}${body}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const WIDTH = 100;

/** Breaks a paragraph into lines, behind a dash. */
function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > WIDTH - 4) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return `  - ${lines.join('\n    ')}`;
}
