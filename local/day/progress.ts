import type { WriteStream } from 'node:tty';
import type { Progress } from './day.ts';

/** Where progress is shown. */
export interface Display {
  show(progress: Progress): void;
  /** Says something beside the progress. */
  say(line: string): void;
  end(): void;
}

const PLAIN_EVERY_MS = 4_000;
const BAR_CELLS = 28;

/** A block that is redrawn on a terminal, a plain line every few seconds elsewhere, nothing when it must be quiet. */
export function openDisplay(stream: WriteStream, quiet: boolean): Display {
  if (quiet) return { show: () => {}, say: () => {}, end: () => {} };
  return stream.isTTY ? redrawn(stream) : plain(stream);
}

function redrawn(stream: WriteStream): Display {
  let drawn = 0;
  function clear(): void {
    if (drawn > 0) stream.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  }
  return {
    show(progress) {
      const lines = blockOf(progress, Math.max(50, stream.columns ?? 80));
      clear();
      stream.write(`${lines.join('\n')}\n`);
      drawn = lines.length;
    },
    say(line) {
      clear();
      stream.write(`${line}\n`);
    },
    end: clear,
  };
}

function plain(stream: WriteStream): Display {
  let last = 0;
  let phase = '';
  return {
    show(progress) {
      const now = performance.now();
      if (progress.phase === phase && now - last < PLAIN_EVERY_MS) return;
      [last, phase] = [now, progress.phase];
      const { seconds, orders, done, accepted, labelled, delivered, customerNotices } = progress;
      stream.write(
        `${seconds.toFixed(0).padStart(4)} s  ${progress.phase}: ${done} of ${orders} orders at their end; ${accepted} seen, ${labelled} labelled, ${delivered} delivered, ${customerNotices} notices\n`,
      );
    },
    say: (line) => void stream.write(`${line}\n`),
    end: () => {},
  };
}

/** The block as lines: what is on its way from the storefronts' posts to the customers' doors. */
export function blockOf(progress: Progress, columns: number): string[] {
  const { orders, webhooks, parcels } = progress;
  const rows: readonly [string, number, number][] = [
    ['webhooks and callbacks', progress.webhooksSent, webhooks],
    ['orders taken in', progress.accepted, orders],
    ['labels bought', progress.labelled, parcels],
    ['parcels on their way', progress.dispatched, parcels],
    ['parcels delivered', progress.delivered, parcels],
    ['orders at their end', progress.done, orders],
  ];
  const aside = `waiting: ${progress.held} for a person, ${progress.backordered} for stock; told: ${progress.customerNotices} customers, ${progress.plantAlerts} plants; ${progress.lost} webhooks lost`;
  return [`  ${TITLES[progress.phase] ?? progress.phase}  ${progress.seconds.toFixed(0)} s`, '', ...rows.map(([name, done, of]) => row(name, done, of)), '', `  ${aside}`].map(
    (line) => line.slice(0, columns),
  );
}

const TITLES: Readonly<Record<string, string>> = {
  opening: 'The warehouses book their stock.',
  trading: 'The day of trade is under way.',
  reporting: 'The daily report is being written.',
  checking: 'Everything is being checked.',
  done: 'The day is over.',
};

function row(name: string, done: number, of: number): string {
  const cells = of === 0 ? 0 : Math.min(BAR_CELLS, Math.floor((done / of) * BAR_CELLS));
  return `  ${name.padEnd(23)} ${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)} ${String(done).padStart(5)} of ${of}`;
}
