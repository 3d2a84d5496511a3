import { AsyncLocalStorage } from 'node:async_hooks';

/** What may go wrong at a call that leaves an invocation. */
export const FAULT_KINDS = [
  /** The process dies, and the call never leaves. */
  'dies-before',
  /** The call has its effect, and the process dies. */
  'dies-after',
  /** Refused as too much at once, without effect. */
  'throttled',
  /** A transaction meets another one, and has no effect. */
  'conflict',
  /** Refused by an error of the other side's, without effect. */
  'server-error',
  /** The call has its effect, and its answer never comes. */
  'answer-lost',
  /** Some of a batch are taken, the others are said not to be. */
  'partial',
  /** The call has its effect, and its answer is nonsense. */
  'garbled',
  /** The process stands still before the call leaves until every lease of its has lapsed; meanwhile another does the same work. */
  'overtaken-before',
  /** The same, after the call had its effect. */
  'overtaken-after',
  /** The clock jumps by two hours before the call. */
  'clock-jump',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One thing that goes wrong in an invocation, at its n-th call: 1 for the first. */
export interface Fault {
  readonly call: number;
  readonly kind: FaultKind;
}

/** A call that left an invocation: what was asked of whom, and what may go wrong with it. */
export interface Call {
  readonly name: string;
  readonly kinds: readonly FaultKind[];
  /** Whether all calls before it had answered: to die before it is then to die after the last of them. */
  readonly isAlone: boolean;
}

/** What the other side answers when something goes wrong; a kind that is left out does not happen to this call. */
export type BadAnswers<Answer> = Partial<Record<FaultKind, () => Answer | Promise<Answer>>>;

/** What an invocation is given, beside its message, by whoever lets things go wrong. */
export interface Fate {
  readonly faults: readonly Fault[];
  /** Everybody else goes on while this one stands still. */
  readonly overtake?: () => Promise<void>;
  readonly jump?: () => void;
  /** Asked before every call: whoever plays several invocations at once decides who goes on. */
  readonly gate?: () => Promise<void>;
}

const ALWAYS: readonly FaultKind[] = ['dies-before', 'dies-after', 'overtaken-before', 'overtaken-after', 'clock-jump'];

/** One invocation of a function: everything that it sends passes here; once it has died nothing is sent, and nothing comes back. */
export class Invocation {
  readonly calls: Call[] = [];
  readonly #fate: Fate;
  readonly #death = Promise.withResolvers<'died'>();
  #alive = true;
  #underWay = 0;

  constructor(fate: Fate = { faults: [] }) {
    this.#fate = fate;
  }

  /** Runs a function to its end, or to its death. What it throws is thrown. */
  async run<Result>(work: () => Promise<Result>): Promise<Result | 'died'> {
    return await Promise.race([current.run(this, work), this.#death.promise]);
  }

  async pass<Answer>(name: string, effect: () => Answer | Promise<Answer>, bad: BadAnswers<Answer>): Promise<Answer> {
    const isAlone = this.#underWay === 0;
    this.#underWay += 1;
    try {
      return await this.#pass({ name, kinds: [...ALWAYS, ...FAULT_KINDS.filter((kind) => kind in bad)], isAlone }, effect, bad);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #pass<Answer>(call: Call, effect: () => Answer | Promise<Answer>, bad: BadAnswers<Answer>): Promise<Answer> {
    if (!this.#alive) return await this.#die();
    await this.#fate.gate?.();
    if (!this.#alive) return await this.#die();
    this.calls.push(call);
    const number = this.calls.length;
    const kind = this.#fate.faults.find((fault) => fault.call === number)?.kind;
    if (kind === 'dies-before') return await this.#die();
    if (kind === 'clock-jump') this.#fate.jump?.();
    if (kind === 'overtaken-before') await current.exit(() => this.#fate.overtake?.());
    const answer = await ((kind !== undefined && bad[kind]) || effect)();
    if (kind === 'overtaken-after') await current.exit(() => this.#fate.overtake?.());
    if (kind === 'dies-after' || !this.#alive) return await this.#die();
    return answer;
  }

  /** As when Lambda is killed: no `catch` and no `finally` of it runs. */
  #die(): Promise<never> {
    this.#alive = false;
    this.#death.resolve('died');
    return new Promise(() => {});
  }
}

const current = new AsyncLocalStorage<Invocation>();

/**
 * The one seam: every call to AWS and to vendors passes here. Outside of an invocation it just goes through.
 * @param name what is asked of whom, such as `dynamodb:PutItem`
 * @param bad how the other side answers where something goes wrong with this call
 */
export async function through<Answer>(name: string, effect: () => Answer | Promise<Answer>, bad: BadAnswers<Answer> = {}): Promise<Answer> {
  const invocation = current.getStore();
  return invocation === undefined ? await effect() : await invocation.pass(name, effect, bad);
}
