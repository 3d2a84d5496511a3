import type { Cloud } from '../cloud/cloud.ts';
import type { BadInput } from './bad-input.ts';
import type { Diary } from './diary.ts';

/** Sends a bad input until the hub has answered it, and writes the answer down; one that was answered before is left alone. */
export async function sendOnce(input: BadInput, { apiUrl }: Pick<Cloud, 'apiUrl'>, diary: Diary): Promise<void> {
  const id = `bad/${input.name}`;
  while (diary.deed(id) === undefined) {
    const status = await send(input, apiUrl);
    if (status === 0 || status === 503) await new Promise((resolve) => setTimeout(resolve, 500));
    else diary.did({ id, status, answer: '' });
  }
}

/** @returns the status, or 0 when there was no answer */
async function send({ method, path, headers, body }: BadInput, apiUrl: string): Promise<number> {
  try {
    const content = method === 'GET' ? {} : { body };
    const response = await fetch(`${apiUrl}${path}`, { method, headers, ...content, signal: AbortSignal.timeout(15_000) });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return 0;
  }
}
