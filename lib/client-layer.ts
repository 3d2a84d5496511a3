import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { Client } from '../core/client.ts';

/** How each connection's sender signs, by connection id; the edge verifies with it and needs no adapter. */
export interface EdgeSchemes {
  readonly storefronts: Readonly<Record<string, unknown>>;
  readonly carriers: Readonly<Record<string, { readonly family: string }>>;
}

/** What a client's functions know of it: `client.json` and `edge.json`, under /opt. */
export class ClientLayer extends LayerVersion {
  /** Where Lambda unpacks layers. https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html */
  readonly folder = '/opt';

  constructor(scope: Construct, id: string, client: Client, edge: EdgeSchemes) {
    const folder = mkdtempSync(join(tmpdir(), 'crossdock-client-'));
    writeFileSync(join(folder, 'client.json'), JSON.stringify(client));
    writeFileSync(join(folder, 'edge.json'), JSON.stringify(edge));
    super(scope, id, {
      code: Code.fromAsset(folder),
      description: `What the functions know of ${client.name}`,
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      compatibleArchitectures: [Architecture.ARM_64],
    });
    // The assembly holds a copy by now.
    rmSync(folder, { recursive: true });
  }
}
