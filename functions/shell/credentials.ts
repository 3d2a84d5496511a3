import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands in for the SDK's chain of credential providers in the bundles: Lambda hands a function its credentials in the environment
 * and nowhere else, so the clients for single sign-on, profiles and instance metadata (85 KB a bundle) would never run.
 * local/build.ts puts it there. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export { fromEnv as defaultProvider };
