import { afterEach, beforeEach, expect, vi } from 'vitest';

/** Parts of the personal data of every order that `world.ts` makes. */
export const PERSONAL = /Erika|Muster|Beispielweg|erika@|555 01/;

/** Catches what functions log, keeps it out of the test's output, and proves after each test that it holds nothing personal. */
export function useLogLines(): { readonly lines: Record<string, unknown>[] } {
  const log: { lines: Record<string, unknown>[] } = { lines: [] };
  beforeEach(() => {
    log.lines = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      for (const line of String(chunk).trim().split('\n')) log.lines.push(readLine(line));
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    expect(JSON.stringify(log.lines)).not.toMatch(PERSONAL);
  });
  return log;
}

function readLine(line: string): Record<string, unknown> {
  return line.startsWith('{') ? JSON.parse(line) : { line };
}
