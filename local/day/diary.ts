import { count, openDatabase, text } from '../simulators/database.ts';

/** Something that the hub published, as the day's observer got it. */
export interface Seen {
  readonly messageId: string;
  /** Which observer: `events`, `customers`, `plants` or `reports`. */
  readonly topic: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Something somebody did by way of the hub's API, or a piece of bad input that was sent. */
export interface Deed {
  readonly id: string;
  /** HTTP status of the last answer. */
  readonly status: number;
  readonly answer: string;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS seen (message_id TEXT PRIMARY KEY, topic TEXT, body TEXT, attributes TEXT) STRICT;
  CREATE TABLE IF NOT EXISTS deed (id TEXT PRIMARY KEY, status INTEGER, answer TEXT) STRICT;
`;

/** What has happened in the day so far, on disk: a day that was cut off goes on from here. */
export class Diary {
  readonly #database;

  constructor(file: string) {
    this.#database = openDatabase(file, SCHEMA);
  }

  /** A fact written earlier, or the one given, which is written now. */
  remember(name: string, value: string): string {
    this.#database.prepare('INSERT OR IGNORE INTO fact VALUES (?, ?)').run(name, value);
    return text(this.#database.prepare('SELECT value FROM fact WHERE name = ?').get(name), 'value');
  }

  /** A fact written earlier; undefined when there is none. */
  fact(name: string): string | undefined {
    const row = this.#database.prepare('SELECT value FROM fact WHERE name = ?').get(name);
    return row === undefined ? undefined : text(row, 'value');
  }

  /** Writes a fact, in the place of what it was. */
  note(name: string, value: string): void {
    this.#database.prepare('INSERT OR REPLACE INTO fact VALUES (?, ?)').run(name, value);
  }

  /** Counts how often something happened over all restarts, this time included. */
  tally(name: string): number {
    const row = this.#database.prepare("INSERT INTO fact VALUES (?, '1') ON CONFLICT DO UPDATE SET value = CAST(value AS INTEGER) + 1 RETURNING value").get(name);
    return count(row, 'value');
  }

  /** Notes a message. @returns false when it was noted before: a queue may deliver twice */
  see({ messageId, topic, body, attributes }: Seen): boolean {
    return this.#database.prepare('INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)').run(messageId, topic, body, JSON.stringify(attributes)).changes === 1;
  }

  /** Everything one observer has seen, in order of arrival. */
  seen(topic: string): Seen[] {
    const rows = this.#database.prepare('SELECT * FROM seen WHERE topic = ? ORDER BY rowid').all(topic);
    return rows.map((row) => {
      const attributes: Record<string, string> = JSON.parse(text(row, 'attributes'));
      return { messageId: text(row, 'message_id'), topic, body: text(row, 'body'), attributes };
    });
  }

  /** Notes what was done. */
  did({ id, status, answer }: Deed): void {
    this.#database.prepare('INSERT OR REPLACE INTO deed VALUES (?, ?, ?)').run(id, status, answer);
  }

  /** What was done under an id, or undefined. */
  deed(id: string): Deed | undefined {
    const row = this.#database.prepare('SELECT * FROM deed WHERE id = ?').get(id);
    return row === undefined ? undefined : { id, status: count(row, 'status'), answer: text(row, 'answer') };
  }

  /** The deeds whose id starts so. */
  deeds(prefix: string): Deed[] {
    const rows = this.#database.prepare("SELECT * FROM deed WHERE id LIKE (? || '%')").all(prefix);
    return rows.map((row) => ({ id: text(row, 'id'), status: count(row, 'status'), answer: text(row, 'answer') }));
  }

  close(): void {
    this.#database.close();
  }
}
