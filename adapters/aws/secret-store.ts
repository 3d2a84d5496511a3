import { GetSecretValueCommand, ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SigningSecrets } from '../signature.ts';

/** What is kept secret about a connection. */
export interface ConnectionSecret {
  readonly signing: SigningSecrets;
  /** API token; empty where the connection needs none. Where tokens expire, what the first one is asked for with. */
  readonly token: string;
  /** The key that names our app, where the storefront wants one beside the token; else empty. */
  readonly apiKey: string;
}

/** How long a secret is kept in memory, in milliseconds; a rotation is seen after that, or at once when a signature fails. */
const KEEP_MS = 300_000;
/** How soon a failed signature may make us look again, in milliseconds: a flood of bad requests must not become a flood of calls. */
const LOOK_AGAIN_MS = 10_000;

/** Reads connections' secrets and remembers them for a while. */
export class SecretStore {
  readonly #prefix: string;
  readonly #client: SecretsManagerClient;
  readonly #kept = new Map<string, { readonly value: Promise<ConnectionSecret | undefined>; readonly at: number }>();

  constructor(prefix: string, client = new SecretsManagerClient({ maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000 } })) {
    this.#prefix = prefix;
    this.#client = client;
  }

  /**
   * The secret of a connection, or undefined when it has none.
   * @param fresh look again even if it is remembered: the caller's signature did not verify
   */
  read(connectionId: string, now: Date, fresh = false): Promise<ConnectionSecret | undefined> {
    const kept = this.#kept.get(connectionId);
    if (kept !== undefined && now.getTime() - kept.at < (fresh ? LOOK_AGAIN_MS : KEEP_MS)) return kept.value;
    const value = this.#fetch(connectionId);
    this.#kept.set(connectionId, { value, at: now.getTime() });
    // A failed look-up must not be remembered.
    value.catch(() => this.#kept.delete(connectionId));
    return value;
  }

  async #fetch(connectionId: string): Promise<ConnectionSecret | undefined> {
    try {
      const { SecretString = '{}' } = await this.#client.send(new GetSecretValueCommand({ SecretId: `${this.#prefix}${connectionId}` }));
      return readSecret(SecretString);
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  }
}

// Read by hand: the receiving edge, which uses this, is too small to carry zod.
function readSecret(text: string): ConnectionSecret {
  const { signing, token, apiKey }: { signing?: Partial<SigningSecrets>; token?: unknown; apiKey?: unknown } = JSON.parse(text);
  const optional = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    signing: { current: optional(signing?.current) ?? '', previous: optional(signing?.previous), previousUntil: optional(signing?.previousUntil) },
    token: optional(token) ?? '',
    apiKey: optional(apiKey) ?? '',
  };
}
