/** What an error is about: one of the hub's nouns, a dot, and what went wrong, in kebab-case. */
export type ErrorCode = `${string}.${string}`;

/** What both error kinds carry beside their message. */
export interface ErrorDetail {
  /** The value that was seen, shortened; never personal data, never a secret. */
  readonly seen?: string;
  readonly cause?: unknown;
}

/** The world's fault: the same call may succeed later, so the caller should retry. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  readonly code: ErrorCode;
  readonly seen: string | undefined;
  /** How long the other side asked us to wait, in seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail & { readonly retryAfterSeconds?: number } = {}) {
    super(message, { cause: detail.cause });
    this.code = code;
    this.seen = detail.seen;
    this.retryAfterSeconds = detail.retryAfterSeconds;
  }
}

/** Will never succeed as it stands: record it, tell someone, do not retry. */
export class Rejected extends Error {
  override readonly name = 'Rejected';
  readonly code: ErrorCode;
  readonly seen: string | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, { cause: detail.cause });
    this.code = code;
    this.seen = detail.seen;
  }
}

/** A move the rules do not allow now. It is an answer, not an exception: nothing was changed. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  /** What stands in the way and what to do about it, for a person. */
  readonly why: string;
}

/** Builds a refusal. */
export function refused(code: ErrorCode, why: string): Refused {
  return { kind: 'refused', code, why };
}
