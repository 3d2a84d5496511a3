import * as z from 'zod';

/** A token that expires, and what the next one is asked for with. */
export interface Grant {
  readonly token: string;
  /** The other side may give a new one with every token: the old one is then spent. Empty where tokens are asked for with the secret alone. */
  readonly refreshToken: string;
  /** A second token that ends with the first, where calls need two. */
  readonly secondToken?: string;
  /** UTC instant. */
  readonly expiresAt: string;
}

/** A field of a connection's secret: kept in Secrets Manager, never in a client file, never shown. */
export function secretField(title: string) {
  return z.string().min(1).meta({ title, secret: true });
}
