/** Makes something on first use, once per container; forgets a failure, so that the next use tries again. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return function makeOnce() {
    made ??= { value: make() };
    return made.value;
  };
}
