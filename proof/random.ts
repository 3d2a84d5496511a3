/** Numbers by chance that are the same every time for one seed: mulberry32. */
export interface Random {
  /** 0 or more, and below 1. */
  next(): number;
  /** 0 or more, and below a number. */
  below(most: number): number;
  /** One of a list, or undefined of an empty one. */
  pick<One>(list: readonly One[]): One | undefined;
}

/** Begins anew from a seed. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (most: number) => Math.floor(next() * most);
  return { next, below, pick: (list) => list[below(list.length)] };
}
