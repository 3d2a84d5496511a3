import { Fn } from 'aws-cdk-lib';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { Client } from '../core/client.ts';

/**
 * One secret per connection, and one for the links of reports. Those of connections are made empty and an operator fills
 * them in; until then the hub refuses everything the connection sends. Their names are settled, because functions find
 * them by connection id and operators type them.
 */
export class ClientSecrets extends Construct {
  /** `crossdock/<client>/`: the rest of a name is the connection's id. */
  readonly prefix: string;
  readonly storefronts: readonly CfnSecret[];
  readonly carriers: readonly CfnSecret[];
  /** Signs the links by which reports are opened. */
  readonly links: CfnSecret;

  constructor(scope: Construct, id: string, client: Client) {
    super(scope, id);
    this.prefix = `crossdock/${client.id}/`;
    this.storefronts = client.storefronts.map((connection) => this.forConnection(connection.id));
    this.carriers = client.carriers.map((connection) => this.forConnection(connection.id));
    this.links = this.forLinks();
  }

  private forConnection(connectionId: string): CfnSecret {
    return new CfnSecret(this, connectionId, {
      name: this.prefix + connectionId,
      description: `What ${connectionId} signs with and the token we call it with: {"signing":{"current":"..."},"token":"..."}`,
    });
  }

  private forLinks(): CfnSecret {
    // Secrets Manager generates top-level values only, and ours is nested: so it generates one, and the other refers to it.
    const generated = new CfnSecret(this, 'LinksKey', {
      description: 'Random key that report links are signed with',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
    });
    return new CfnSecret(this, 'Links', {
      name: `${this.prefix}links`,
      description: 'Signs the links by which reports are opened',
      secretString: Fn.join('', ['{"signing":{"current":"{{resolve:secretsmanager:', generated.ref, '}}"},"token":""}']),
    });
  }
}
