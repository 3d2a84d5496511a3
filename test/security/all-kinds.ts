import { loadCarrier } from '../../adapters/carrier.ts';
import type { SignatureScheme } from '../../adapters/signature.ts';
import { loadStorefront } from '../../adapters/storefront.ts';
import { filesIn, fixture } from '../adapters/fixtures.ts';

/** A kind of storefront or carrier, and how it proves who posts by the least settings of its fixtures. */
export interface Kind {
  readonly side: 'storefronts' | 'carriers';
  /** The name of its file, which is also the id of its connection in these tests. */
  readonly id: string;
  readonly settings: unknown;
  readonly scheme: SignatureScheme;
  /** What its sender signs with; another one for each kind. */
  readonly secret: string;
  readonly proves: Proves;
}

/** What a proof covers, by family: what an attacker may change without being refused must do no harm elsewhere. */
export interface Proves {
  /** `sender`: who posts, and nothing of what is posted. `nothing`: no request over HTTP is ever genuine. */
  readonly covers: 'body' | 'fields' | 'sender' | 'nothing';
  readonly time: boolean;
}

const PROVES: Readonly<Record<SignatureScheme['family'], Proves>> = {
  'hmac-body': { covers: 'body', time: false },
  'standard-webhooks': { covers: 'body', time: true },
  'hmac-fields': { covers: 'fields', time: false },
  'hmac-timestamped': { covers: 'body', time: true },
  'rsa-sha256': { covers: 'body', time: false },
  ecdsa: { covers: 'body', time: false },
  'jwt-rs256-body': { covers: 'body', time: true },
  'static-header': { covers: 'sender', time: false },
  'issued-token': { covers: 'sender', time: true },
  transport: { covers: 'nothing', time: false },
};

/** Every file of adapters/storefronts and adapters/carriers. */
export async function allKinds(): Promise<readonly Kind[]> {
  const sides = [
    ['storefronts', loadStorefront],
    ['carriers', loadCarrier],
  ] as const;
  const kinds = sides.flatMap(([side, load]) => filesIn(`adapters/${side}`).map(async (id) => kindOf(side, id, await load(id))));
  return await Promise.all(kinds);
}

type Signing = Pick<Awaited<ReturnType<typeof loadStorefront>>, 'settings' | 'signature'>;

function kindOf(side: Kind['side'], id: string, adapter: Signing): Kind {
  const settings: unknown = adapter.settings.parse(JSON.parse(fixture(`${id}/settings.json`)));
  const scheme = adapter.signature(settings);
  return { side, id, settings, scheme, secret: secretOf(id, scheme), proves: PROVES[scheme.family] };
}

/** A shared secret of the scheme's notation. */
export function secretOf(name: string, scheme: SignatureScheme): string {
  if (['rsa-sha256', 'ecdsa', 'jwt-rs256-body'].includes(scheme.family))
    throw new Error(`Nobody has a key pair for ${name} yet: teach this file to make one, as test/adapters/signatures/vectors.ts does.`);
  const text = `secret of ${name}, which nobody knows`;
  if (scheme.family === 'standard-webhooks' && scheme.key === 'base64') return `whsec_${Buffer.from(text).toString('base64')}`;
  return scheme.family === 'hmac-body' && scheme.key === 'hex' ? Buffer.from(text).toString('hex') : text;
}
