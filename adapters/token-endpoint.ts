// The one grant of OAuth 2.0 that a token endpoint of ours knows: https://www.rfc-editor.org/rfc/rfc6749#section-4.4
import { acceptedSecrets, type Signed, type SigningSecrets } from './signature.ts';
import { sameDigest } from './signatures/family.ts';
import { ISSUED_SECONDS, issueToken } from './signatures/issued-token.ts';

/** What a client names itself by and proves itself with. */
interface Credentials {
  readonly id: string;
  readonly secret: string;
}

/** What a connection's secret says of the one client that may ask for its tokens. */
export interface Registered {
  readonly apiKey: string;
  readonly signing: SigningSecrets;
}

/** What nobody may ask for. */
export const NOT_REGISTERED: Registered = { apiKey: '', signing: { current: '' } };

const MAX_BODY_BYTES = 4_096;

/** Whether a request asks for what is granted here: `grant_type=client_credentials`, as a form. */
export function asksForToken(request: Signed): boolean {
  return formIn(request).get('grant_type') === 'client_credentials';
}

/** Whether a request comes from the registered client: by its name and its current secret, or the previous one in its grace. In constant time. */
export function isRegistered(request: Signed, { apiKey, signing }: Registered, now: Date): boolean {
  const isId = sameDigest(Buffer.from(apiKey));
  let genuine = false;
  for (const secret of acceptedSecrets(signing, now)) {
    const isSecret = sameDigest(Buffer.from(secret));
    for (const offered of credentialsIn(request)) {
      const same = [isId(Buffer.from(offered.id)), isSecret(Buffer.from(offered.secret))];
      genuine = same.every(Boolean) || genuine;
    }
  }
  return genuine && apiKey !== '';
}

/**
 * The answer that grants a token, in the fields of UPS's own token answers. The document of Track Alert shows that UPS asks its customers' endpoints
 * with `client_secret_basic` and not which fields it reads, so `expires_in` is a number, as OAuth has it.
 * https://github.com/UPS-API/api-documentation/blob/main/UPSTrackAlert-Ready.yaml
 */
export function grantOf(connectionId: string, { apiKey, signing }: Registered, now: Date): object {
  return {
    token_type: 'Bearer',
    access_token: issueToken(connectionId, signing.current, now),
    expires_in: ISSUED_SECONDS,
    issued_at: String(now.getTime()),
    client_id: apiKey,
    status: 'approved',
  };
}

/** By HTTP Basic, as it is and, as OAuth wants it, form-encoded before; and in the form. */
function credentialsIn(request: Signed): readonly Credentials[] {
  const [, base64 = ''] = /^Basic ([A-Za-z0-9+/=_-]{1,2000})$/i.exec(request.headers.authorization ?? '') ?? [];
  const text = Buffer.from(base64, 'base64').toString('utf8');
  const cut = text.indexOf(':');
  const plain = { id: text.slice(0, Math.max(cut, 0)), secret: text.slice(cut + 1) };
  const form = formIn(request);
  return [plain, { id: formDecoded(plain.id), secret: formDecoded(plain.secret) }, { id: form.get('client_id') ?? '', secret: form.get('client_secret') ?? '' }];
}

function formIn({ body }: Signed): URLSearchParams {
  return new URLSearchParams(body.length > MAX_BODY_BYTES ? '' : body.toString('utf8'));
}

function formDecoded(text: string): string {
  return new URLSearchParams(`value=${text}`).get('value') ?? '';
}
