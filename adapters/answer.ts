import { Rejected, Unavailable } from '../core/error.ts';
import { type Json, parseJson } from '../core/json.ts';
import type { HttpResponse } from './http.ts';

/** What was answered, or why there was no answer; `sent` is false when the request certainly did not leave. */
export type Answered = HttpResponse | { readonly reason: string; readonly sent: boolean };

/** Waits for an answer without throwing for the world's faults, for calls whose failure is an outcome. */
export async function answerTo(asked: Promise<HttpResponse>): Promise<Answered> {
  try {
    return await asked;
  } catch (cause) {
    if (cause instanceof Unavailable) return { reason: cause.message, sent: cause.code.startsWith('http.') };
    if (cause instanceof Rejected) return { reason: cause.message, sent: false };
    throw cause;
  }
}

/** Whether an answer says that the request was carried out. */
export function isSuccess({ status }: Pick<HttpResponse, 'status'>): boolean {
  return status >= 200 && status < 300;
}

/** The JSON of an answer; undefined where it is none. */
export function jsonOf({ body }: Pick<HttpResponse, 'body'>): Json | undefined {
  try {
    return parseJson(body);
  } catch (cause) {
    if (cause instanceof Rejected) return undefined;
    throw cause;
  }
}

/**
 * What may be logged of a vendor's sentence, which may repeat what it was sent: its words in small letters. Names, numbers, addresses and keys
 * are written otherwise.
 */
export function plainWords(sentence: string): string {
  const words = sentence.split(/\s+/).map((word) => (/^[a-z]{1,24}[.,;:]?$/.test(word) ? word : '...'));
  return words.join(' ').replace(/\.\.\.(?: \.\.\.)+/g, '...');
}

/** A vendor's link for people; empty when it is none that a browser opens safely. */
export function linkOf(link: string | null | undefined): string {
  const url = URL.parse(link ?? '');
  return url?.protocol === 'https:' ? (link ?? '') : '';
}

/** An outcome that is not known, with why. */
export function unknown(reason: string): { readonly outcome: 'unknown'; readonly reason: string } {
  return { outcome: 'unknown', reason: reason.slice(0, 200) };
}
