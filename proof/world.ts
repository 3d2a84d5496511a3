import type { Client } from '../core/client.ts';
import { Rejected, Unavailable } from '../core/error.ts';
import { publishChanges } from '../functions/event/publish-changes.ts';
import { type Failures, pauseOf } from '../functions/shell/queue.ts';
import { type Database, openDatabase } from '../local/database/database.ts';
import { changeFaults } from './invariants.ts';
import { type Call, type Fate, Invocation } from './seam.ts';
import { openServices, openTable, type Place, type Services } from './services.ts';
import { copyState, emptyState, type Message, type State } from './state.ts';
import { WORKERS, type Worker } from './workers.ts';

/** A queue's visibility timeout: when the messages of an invocation that died come back. */
const HIDDEN_MS = 360_000;
const BATCH = 10;
/** More invocations than any story needs: beyond, the hub does not come to rest. */
const MOST = 600;
const STREAM = 'event/publish-changes';

/** One invocation, as it was. */
export interface Invoked {
  readonly name: string;
  /** Who called it: a queue or the stream, or somebody who asked and waits, as people and schedules do. */
  readonly by: 'queue' | 'stream' | 'asked';
  readonly calls: readonly Call[];
  readonly ended: 'done' | 'failed' | 'died';
}

/** Decides what an invocation meets: its number since the beginning, and the function. */
export type Fates = (invocation: number, name: string) => Fate['faults'];

/** The hub and all around it, in one process, with a clock of its own. */
export class World implements Place {
  readonly client: Client;
  readonly invoked: Invoked[] = [];
  /** Called before each invocation, as long as its messages are still to be seen. */
  onInvoke: () => void = () => {};
  fates: Fates = () => [];
  workers: Readonly<Record<string, Worker>>;
  state: State;
  database: Database;
  #services: Services | undefined;

  private constructor(client: Client, state: State) {
    this.client = client;
    // Where people scan every unit, nobody packs by himself.
    const { packing, ...others } = WORKERS;
    this.workers = client.policies.packing === 'scan' || packing === undefined ? others : { packing, ...others };
    this.state = state;
    this.database = this.#open();
  }

  get services(): Services {
    if (this.#services === undefined) throw new Error('The world is not open yet.');
    return this.#services;
  }

  static async open(client: Client, now: Date): Promise<World> {
    const world = new World(client, emptyState(now.getTime()));
    world.#services = await openServices(world);
    return world;
  }

  /** Goes on from a state; what is there is left as it is. */
  restore(state: State): void {
    this.state = copyState(state);
    this.database = this.#open();
    this.#services = { ...this.services, table: openTable(this) };
    this.invoked.length = 0;
  }

  #open(): Database {
    const { state } = this;
    return openDatabase(state.table, ({ before, after }) => {
      state.sequence += 1;
      state.stream.push({ sequence: state.sequence, before, after });
      state.broken.push(...changeFaults(before, after));
    });
  }

  enqueue = (queue: string, bodies: readonly string[]): void => {
    const messages = this.state.queues.get(queue) ?? [];
    this.state.queues.set(queue, messages);
    for (const body of bodies) {
      this.state.ids += 1;
      this.state.sent.push({ queue, body });
      messages.push({ id: `m${this.state.ids}`, body, receives: 0, visibleAt: this.state.now });
    }
  };

  publish: Place['publish'] = (entries) => {
    for (const { body, attributes } of entries) {
      for (const [queue, { hears }] of Object.entries(this.workers)) if (hears.some((type) => type === attributes.type)) this.enqueue(queue, [body]);
    }
  };

  /** Runs something of the hub as an invocation that meets its fate. */
  async invoke<Result>(name: string, by: Invoked['by'], work: () => Promise<Result>, fate: Partial<Fate> = {}): Promise<Result | 'died'> {
    const faults = this.fates(this.invoked.length, name);
    const invocation = new Invocation({
      faults,
      jump: () => {
        this.state.now += 7_200_000;
      },
      ...fate,
    });
    const record: { -readonly [Field in keyof Invoked]: Invoked[Field] } = { name, by, calls: invocation.calls, ended: 'done' };
    this.invoked.push(record);
    try {
      const result = await invocation.run(work);
      if (result === 'died') record.ended = 'died';
      return result;
    } catch (error) {
      record.ended = 'failed';
      throw error;
    } finally {
      this.state.disturbances += faults.length;
    }
  }

  /**
   * A person does something by the API, or a schedule has it done; and again when no answer comes, or that it is not possible now.
   * @throws Error when that does not end
   */
  async ask<Outcome>(name: string, work: (services: Services) => Promise<Outcome>): Promise<Outcome> {
    for (let attempt = 0; attempt < 10; attempt++) {
      this.onInvoke();
      try {
        const outcome = await this.invoke(name, 'asked', () => work(this.services), { overtake: async () => void (await work(this.services)) });
        if (outcome !== 'died') return outcome;
      } catch (error) {
        if (error instanceof Rejected) throw error;
      }
      this.state.now += 5_000;
    }
    throw new Error(`${name} did not answer in ten attempts`);
  }

  /** Lets the hub work until nothing is left to do. @throws Error when it does not come to rest */
  async rest(): Promise<void> {
    for (let done = 0; done < MOST; done++) if (!(await this.step())) return;
    throw new Error(
      `the hub does not come to rest: ${[...this.state.queues].filter(([, messages]) => messages.length > 0).map(([queue, messages]) => `${messages.length} in ${queue}`)}`,
    );
  }

  /** Does the next thing there is to do. @returns false when there is nothing */
  async step(): Promise<boolean> {
    if (this.state.stream.length > 0) {
      await this.tellChanges();
      return true;
    }
    const ready = Object.keys(this.workers).find((queue) => this.#visible(queue).length > 0);
    if (ready !== undefined) {
      await this.deliver(ready, this.ready(ready));
      return true;
    }
    const waiting = [...this.state.queues.entries()].filter(([queue]) => queue in this.workers).flatMap(([, messages]) => messages);
    if (waiting.length === 0) return false;
    this.state.now = Math.max(this.state.now, Math.min(...waiting.map(({ visibleAt }) => visibleAt)));
    return true;
  }

  /** The next messages of a queue, as many as are delivered at once. */
  ready(queue: string): Message[] {
    return this.#visible(queue).slice(0, BATCH);
  }

  #visible(queue: string): Message[] {
    return (this.state.queues.get(queue) ?? []).filter(({ visibleAt }) => visibleAt <= this.state.now);
  }

  /** Has the stream's consumer work off what changed. What fails comes again. */
  async tellChanges(): Promise<void> {
    this.onInvoke();
    const records = this.state.stream.slice(0, 100);
    const work = async () => await publishChanges(records.map(streamRecord), this.services);
    try {
      const became = await this.invoke(STREAM, 'stream', work, { overtake: work });
      if (became !== 'died') this.state.stream.splice(0, records.length);
    } catch {
      this.state.now += 1_000;
    }
  }

  /** Delivers messages to their worker, and settles what becomes of them as the shell of every worker does. */
  async deliver(queue: string, messages: readonly Message[], fate: Partial<Fate> = {}): Promise<void> {
    const worker = this.workers[queue];
    if (worker === undefined) throw new Error(`Nobody works off ${queue}.`);
    this.onInvoke();
    for (const message of messages) {
      message.receives += 1;
      message.visibleAt = this.state.now + HIDDEN_MS;
    }
    const bodies = new Map(messages.map(({ id, body }) => [id, body]));
    const work = async () => await worker.handle(bodies, this.services);
    const overtake = async () => {
      // Beyond every lease and every visibility timeout.
      this.state.now += HIDDEN_MS + 60_000;
      await this.deliver(queue, messages, { faults: [] });
    };
    const became = await this.invoke(worker.name, 'queue', work, { overtake, ...fate });
    if (became === 'died') this.#bury(queue, worker, messages);
    else for (const message of messages) this.#settle(queue, worker, message, became);
  }

  #settle(queue: string, worker: Worker, message: Message, failures: Failures): void {
    const error = failures.get(message.id);
    if (!failures.has(message.id) || error instanceof Rejected) this.#remove(queue, message);
    if (error instanceof Rejected) this.state.deadLetters.push({ queue, body: message.body, code: error.code });
    if (!failures.has(message.id) || error instanceof Rejected) return;
    message.visibleAt = this.state.now + (error instanceof Unavailable ? pauseOf(error, message.receives, 0.5) * 1_000 : HIDDEN_MS);
    this.#bury(queue, worker, [message]);
  }

  /** What was received too often is a dead letter. */
  #bury(queue: string, { receives }: Worker, messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.receives < receives) continue;
      this.#remove(queue, message);
      this.state.deadLetters.push({ queue, body: message.body, code: 'received too often' });
    }
  }

  #remove(queue: string, message: Message): void {
    const messages = this.state.queues.get(queue) ?? [];
    const at = messages.findIndex(({ id }) => id === message.id);
    if (at >= 0) messages.splice(at, 1);
  }
}

function streamRecord({ sequence, before, after }: State['stream'][number]) {
  const image = (item: typeof after) => (item === undefined ? undefined : JSON.parse(JSON.stringify(item)));
  return { dynamodb: { SequenceNumber: String(sequence).padStart(12, '0'), OldImage: image(before), NewImage: image(after) } };
}
