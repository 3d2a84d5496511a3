import { Agent, request } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';
import { bytes, count, inTransaction, openDatabase, type Row, text } from './database.ts';

/** Something a vendor will post to the hub. */
export interface Posting {
  /** Unique; a posting that is there already is not added again. */
  readonly id: string;
  /** Which vendor posts it, and so how it is signed and where it goes. */
  readonly sender: string;
  /** What the sender needs at the moment of sending, such as the topic and the webhook's id. */
  readonly meta: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Milliseconds since 1970; null waits until it is released. */
  readonly due: number | null;
}

/** Where a posting goes, and with which headers. */
export interface Addressed {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Addresses a posting anew at each attempt, because some vendors sign the time. Undefined when nobody is subscribed to it: it is then never sent. */
export type Address = (posting: Posting, now: Date) => Addressed | undefined | Promise<Addressed | undefined>;

/** Told of each posting before it is sent for the first time, also of one that is then lost: what it tells of has happened at its vendor. */
export type Happens = (posting: Posting) => void;

/** How the postings stand. */
export interface OutboxCounts {
  readonly waiting: number;
  readonly due: number;
  readonly acknowledged: number;
  readonly givenUp: number;
  /** Never sent: nobody was subscribed, or it was meant to go missing. */
  readonly lost: number;
  readonly attempts: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS posting (
    id TEXT PRIMARY KEY, sender TEXT NOT NULL, meta TEXT NOT NULL, body BLOB NOT NULL, due REAL,
    attempts INTEGER NOT NULL DEFAULT 0, status INTEGER, state TEXT NOT NULL DEFAULT 'open',
    happened INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX IF NOT EXISTS posting_due ON posting (state, due);
`;
const CONCURRENT = 12;
const MAX_ATTEMPTS = 40;
const ATTEMPT_TIMEOUT_MS = 5_000;

/**
 * What vendors have to deliver: kept on disk until the hub answers 2xx, and tried again with growing pauses until then,
 * as vendors do, only faster. A posting whose answer was lost is sent again; one that says `lost: 'true'` of itself is not sent at all.
 */
export class Outbox {
  readonly #database: DatabaseSync;
  readonly #address: Address;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONCURRENT });
  readonly #sending = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #happens: Happens = () => {};

  constructor(file: string, address: Address) {
    this.#database = openDatabase(file, SCHEMA);
    this.#address = address;
  }

  /** Adds postings; those it knows by id stay as they are. */
  add(postings: readonly Posting[]): void {
    const insert = this.#database.prepare('INSERT OR IGNORE INTO posting (id, sender, meta, body, due) VALUES (?, ?, ?, ?, ?)');
    inTransaction(this.#database, () => {
      for (const { id, sender, meta, body, due } of postings) insert.run(id, sender, JSON.stringify(meta), body, due);
    });
  }

  /** Lets postings that waited go at an instant, in milliseconds since 1970. */
  release(ids: readonly string[], due: number): void {
    const update = this.#database.prepare('UPDATE posting SET due = ? WHERE id = ? AND due IS NULL');
    for (const id of ids) update.run(due, id);
  }

  /** Starts to send what is due. A posting that this process died over happens again: `happens` must bear that. */
  start(happens: Happens = () => {}): void {
    this.#happens = happens;
    this.#timer ??= setInterval(() => this.#sendDue(), 20);
  }

  /** Stops sending; attempts under way are waited for. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await Promise.allSettled(this.#sending.values());
    this.#agent.destroy();
    this.#database.close();
  }

  /** How the postings stand, of one sender or of all. */
  counts(sender?: string): OutboxCounts {
    const row = this.#database
      .prepare(
        `SELECT sum(state = 'open' AND due IS NULL) AS waiting, sum(state = 'open' AND due IS NOT NULL) AS due, sum(state = 'done') AS acknowledged,
         sum(state = 'dead') AS given_up, sum(state = 'lost') AS lost, sum(attempts) AS attempts FROM posting WHERE ? IS NULL OR sender = ?`,
      )
      .get(sender ?? null, sender ?? null);
    return {
      waiting: count(row, 'waiting'),
      due: count(row, 'due'),
      acknowledged: count(row, 'acknowledged'),
      givenUp: count(row, 'given_up'),
      lost: count(row, 'lost'),
      attempts: count(row, 'attempts'),
    };
  }

  /** The ids of postings that the hub acknowledged. */
  acknowledged(): Set<string> {
    return this.#idsIn('done');
  }

  /** The ids of postings that were never sent. */
  lost(): Set<string> {
    return this.#idsIn('lost');
  }

  /** Postings that are neither acknowledged nor lost, with the last answer. */
  open(): { id: string; status: number; attempts: number }[] {
    const rows = this.#database.prepare("SELECT id, status, attempts FROM posting WHERE state NOT IN ('done', 'lost')").all();
    return rows.map((row) => ({ id: text(row, 'id'), status: count(row, 'status'), attempts: count(row, 'attempts') }));
  }

  #idsIn(state: string): Set<string> {
    const rows = this.#database.prepare('SELECT id FROM posting WHERE state = ?').all(state);
    return new Set(rows.map((row) => text(row, 'id')));
  }

  #sendDue(): void {
    const room = CONCURRENT - this.#sending.size;
    if (room <= 0) return;
    const rows = this.#database
      .prepare("SELECT * FROM posting WHERE state = 'open' AND due IS NOT NULL AND due <= ? ORDER BY due LIMIT ?")
      .all(Date.now(), room + this.#sending.size);
    for (const row of rows.filter((candidate) => !this.#sending.has(text(candidate, 'id'))).slice(0, room)) {
      const id = text(row, 'id');
      this.#sending.set(
        id,
        this.#attempt(row).finally(() => this.#sending.delete(id)),
      );
    }
  }

  async #attempt(row: Row): Promise<void> {
    const posting = postingOf(row);
    if (count(row, 'happened') === 0) this.#happen(posting);
    const address = posting.meta.lost === 'true' ? undefined : await this.#address(posting, new Date());
    if (address === undefined) {
      this.#database.prepare("UPDATE posting SET state = 'lost' WHERE id = ?").run(posting.id);
      return;
    }
    const attempts = count(row, 'attempts') + 1;
    const status = await this.#post(posting, address);
    const acknowledged = status >= 200 && status < 300;
    const state = acknowledged ? 'done' : attempts >= MAX_ATTEMPTS ? 'dead' : 'open';
    const due = acknowledged ? posting.due : Date.now() + Math.min(2_000, 150 * 2 ** Math.min(attempts, 6));
    this.#database.prepare('UPDATE posting SET attempts = ?, status = ?, state = ?, due = ? WHERE id = ?').run(attempts, status, state, due, posting.id);
  }

  #happen(posting: Posting): void {
    this.#happens(posting);
    this.#database.prepare('UPDATE posting SET happened = 1 WHERE id = ?').run(posting.id);
  }

  /** Posts once. @returns the status, or 0 when there was no answer */
  #post(posting: Posting, { url, headers }: Addressed): Promise<number> {
    return new Promise((resolve) => {
      const sent = request(url, { method: 'POST', agent: this.#agent, timeout: ATTEMPT_TIMEOUT_MS, headers: { ...headers, 'content-length': posting.body.length } }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', () => resolve(0));
      });
      sent.on('timeout', () => sent.destroy());
      sent.on('error', () => resolve(0));
      sent.end(posting.body);
    });
  }
}

function postingOf(row: Row): Posting {
  const meta: Record<string, string> = JSON.parse(text(row, 'meta'));
  return { id: text(row, 'id'), sender: text(row, 'sender'), meta, body: bytes(row, 'body'), due: row.due === null ? null : count(row, 'due') };
}
