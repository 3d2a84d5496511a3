import type { Cloud } from '../cloud/cloud.ts';
import type { Diary } from './diary.ts';

/** What a person or a system asks of the hub's API. */
export interface Task {
  /** Unique in the day: what is done stays done over restarts. */
  readonly id: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** The code of the refusal that says that it is so already. */
  readonly soAlready?: string;
}

const RETRY_MS = 700;

/** Somebody with a token who works through tasks, again and again until the hub has taken each. */
export class Staff {
  readonly #cloud: Cloud;
  readonly #diary: Diary;
  readonly #user: string;
  readonly #scopes: readonly string[];
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #attempts = new Map<string, Promise<void>>();
  #token: Promise<string> | undefined;
  readonly #end = Promise.withResolvers<void>();
  #stopped = false;

  constructor(cloud: Cloud, diary: Diary, user: string, scopes: readonly string[]) {
    this.#cloud = cloud;
    this.#diary = diary;
    this.#user = user;
    this.#scopes = scopes;
  }

  /** Takes tasks on, to be done one after the other, not before `start` and then after a pause; those done already are left alone. */
  take(tasks: readonly Task[], afterMs = 0, start: Promise<void> = Promise.resolve()): void {
    const id = tasks[0]?.id;
    if (id === undefined || this.#underWay.has(id) || tasks.every((task) => this.#diary.deed(task.id) !== undefined)) return;
    const work = Promise.race([start.then(() => wait(afterMs)), this.#end.promise]).then(() => this.#work(tasks));
    this.#underWay.set(
      id,
      work.finally(() => this.#underWay.delete(id)),
    );
  }

  /** Tasks taken on and not yet done. */
  get busy(): number {
    return this.#underWay.size;
  }

  /** Puts everything down. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#end.resolve();
    await Promise.allSettled(this.#underWay.values());
  }

  async #work(tasks: readonly Task[]): Promise<void> {
    for (const task of tasks) {
      while (!this.#stopped && this.#diary.deed(task.id) === undefined) await this.#attemptOnce(task);
    }
  }

  /** Two lists may hold the same task; whoever comes second waits for the other's answer, which may be theirs too. */
  async #attemptOnce(task: Task): Promise<void> {
    const attempt = this.#attempts.get(task.id) ?? this.#attempt(task).finally(() => this.#attempts.delete(task.id));
    this.#attempts.set(task.id, attempt);
    await attempt;
  }

  /** Whatever is no passing trouble of the hub is an answer: a refusal too, which the checks will show. */
  async #attempt(task: Task): Promise<void> {
    const attempts = this.#diary.tally(`attempts/${task.id}`);
    try {
      const { status, answer } = await this.#ask(task);
      // An attempt whose answer was lost has done it: that is why the hub refuses the next one.
      const settled = status === 409 && (attempts > 1 || (task.soAlready !== undefined && answer.includes(`"${task.soAlready}"`))) ? 200 : status;
      if (status < 500 && status !== 429) return this.#diary.did({ id: task.id, status: settled, answer });
    } catch (cause) {
      if (!(cause instanceof TypeError || (cause instanceof DOMException && cause.name === 'TimeoutError'))) throw cause;
    }
    await wait(RETRY_MS);
  }

  async #ask({ method, path, body }: Task): Promise<{ status: number; answer: string }> {
    this.#token ??= this.#cloud.issuer.token({ user: this.#user, scopes: this.#scopes, expiresInSeconds: 36_000 });
    const headers = { authorization: `Bearer ${await this.#token}`, 'content-type': 'application/json' };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${this.#cloud.apiUrl}${path}`, { method, headers, ...content, signal: AbortSignal.timeout(12_000) });
    return { status: response.status, answer: (await response.text()).slice(0, 300) };
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
