/**
 * Stands in for the SDK's discovery of endpoints in the bundles: DynamoDB is found by its region or by the environment, never by asking it,
 * so the cache of what it would answer (9 KB a bundle) would stay empty. local/build.ts puts it there.
 * https://docs.aws.amazon.com/general/latest/gr/ddb.html
 */
export const NODE_ENDPOINT_DISCOVERY_CONFIG_OPTIONS = {
  environmentVariableSelector: () => undefined,
  configFileSelector: () => undefined,
  default: undefined,
};

/** Leaves a client's configuration as it is. */
export function resolveEndpointDiscoveryConfig<Config>(config: Config): Config {
  return config;
}
