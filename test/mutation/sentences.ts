/** Ignores sentences: what a person reads has no wrong or right that a program can tell. Codes, keys and states are single words, and mutated. */
const SENTENCE = /\p{L}+,? \p{L}+,? (?:\p{L}|$)/u;

interface Path {
  readonly node: { readonly type: string; readonly value?: unknown; readonly quasis?: readonly { readonly value: { readonly raw: string } }[] };
}

function shouldIgnore({ node }: Path): string | undefined {
  const parts = node.type === 'StringLiteral' ? [String(node.value)] : node.type === 'TemplateLiteral' ? (node.quasis ?? []).map(({ value }) => value.raw) : [];
  return parts.some((part) => SENTENCE.test(part)) ? 'a sentence for a person' : undefined;
}

export const strykerPlugins = [{ kind: 'Ignore', name: 'sentences', value: { shouldIgnore } }];
