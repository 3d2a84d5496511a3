/** A request to somebody outside. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly timeoutMs?: number;
  /** @default 1 MiB */
  readonly maxBytes?: number;
}

/** What came back, whatever its status. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/**
 * The one way out of the hub. Never retries, never follows a redirect, bounds time and size.
 * @throws Unavailable `http.timeout`, `http.unreachable` or `http.too-large`; whether the request had an effect is then unknown
 * @throws Rejected `http.address-refused` for an address outside `https:` and the trusted origins
 */
export type Http = (request: HttpRequest) => Promise<HttpResponse>;
