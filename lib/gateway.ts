import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccountRecovery, FeaturePlan, Mfa, OAuthScope, ResourceServerScope, StandardThreatProtectionMode, UserPool, type UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { FilterPattern, LogGroup, MetricFilter, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ROUTES, type Route, type RouteName, SCOPE_PREFIX, type Scope } from '../functions/shell/routes.ts';
import { failureAlarm } from './alarm.ts';
import { HubFunction, type HubFunctionProps } from './hub-function.ts';

/** What each scope lets its bearer do, as Cognito shows it. */
const SCOPES: Record<Scope, string> = {
  'orders.read': 'See orders',
  'orders.write': 'Correct orders',
  'orders.authorise': 'Authorise orders and release holds',
  'orders.pack': 'Pack orders',
  'stock.write': 'Book stock in, out and over, and count it',
};

/** A warehouse system does what a warehouse does; authorising is for people. */
const WAREHOUSE_SCOPES: readonly Scope[] = ['orders.read', 'orders.pack', 'stock.write'];

// Where a native app's sign-in comes back to: https://datatracker.ietf.org/doc/html/rfc8252#section-7.3
const SIGNED_IN = 'http://localhost:4180/signed-in';

/** What a function that answers a route must say of itself. */
export interface EndpointProps extends Omit<HubFunctionProps, 'lost'> {
  /** What people notice when it fails, as one sentence without a full stop; the text of its alarm. */
  readonly failureMeans: string;
}

/** The way into the hub over HTTP: the API, and the people and systems that may use it. */
export class Gateway extends Construct {
  /** `https://...` without a slash at its end. */
  readonly url: string;
  private readonly api: HttpApi;
  private readonly accessLog: LogGroup;
  private readonly metricNamespace: string;
  private readonly authorizer: HttpJwtAuthorizer;

  /** @param clientId part of the name of the sign-in page */
  constructor(scope: Construct, id: string, clientId: string) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', { createDefaultStage: false, description: `Crossdock for ${clientId}` });
    this.url = this.api.apiEndpoint;
    this.metricNamespace = `Crossdock/${clientId}`;
    this.accessLog = this.addStage();
    this.authorizer = this.addUsers(clientId);
  }

  /** Makes the function that answers the route of its name; a route with a scope wants a token that carries it. */
  answers(scope: Construct, name: RouteName, { failureMeans, ...props }: EndpointProps): HubFunction {
    const fn = new HubFunction(scope, name, props);
    const route: Route = ROUTES[name];
    const protection = route.scope === null ? {} : { authorizer: this.authorizer, authorizationScopes: [`${SCOPE_PREFIX}/${route.scope}`] };
    this.api.addRoutes({
      path: route.path,
      methods: [HttpMethod[route.method]],
      integration: new HttpLambdaIntegration(fn.node.id, fn.function),
      ...protection,
    });
    this.watch(fn, `${route.method} ${route.path}`, failureMeans);
    return fn;
  }

  /** Counts what callers saw fail: a function's own error count misses the failures that it answered with. */
  private watch(fn: HubFunction, route: string, failureMeans: string): void {
    const failures = new MetricFilter(fn, 'Failures', {
      logGroup: this.accessLog,
      filterPattern: FilterPattern.literal(`{ $.route = "${route}" && $.status = "5*" }`),
      metricNamespace: this.metricNamespace,
      metricName: `${fn.name} failed`,
      metricValue: '1',
    });
    failureAlarm(fn, 'FailureAlarm', { metric: failures.metric({ period: Duration.minutes(1), statistic: 'Sum' }), failureMeans, runbook: fn.runbook });
  }

  /** @returns the access log: one line of JSON a request */
  private addStage(): LogGroup {
    const accessLog = new LogGroup(this, 'AccessLog', { retention: RetentionDays.ONE_MONTH, removalPolicy: RemovalPolicy.DESTROY });
    new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      // Several times the busiest hour that was measured: it bounds what a flood costs and refuses no real order.
      throttle: { rateLimit: 1_000, burstLimit: 2_000 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(accessLog),
        // No address and no path: those of signed links and orders are nobody's business in a log.
        format: AccessLogFormat.custom(
          JSON.stringify({
            requestId: AccessLogField.contextRequestId(),
            at: AccessLogField.contextRequestTime(),
            route: '$context.routeKey',
            status: AccessLogField.contextStatus(),
            milliseconds: AccessLogField.contextResponseLatency(),
            functionStatus: AccessLogField.contextIntegrationStatus(),
            error: '$context.integrationErrorMessage',
            user: '$context.authorizer.claims.sub',
          }),
        ),
      },
    });
    return accessLog;
  }

  private addUsers(clientId: string): HttpJwtAuthorizer {
    const pool = new UserPool(this, 'Users', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      signInCaseSensitive: false,
      mfa: Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: { minLength: 14, requireDigits: true, requireLowercase: true, requireSymbols: true, requireUppercase: true, tempPasswordValidity: Duration.days(3) },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      featurePlan: FeaturePlan.PLUS,
      standardThreatProtectionMode: StandardThreatProtectionMode.FULL_FUNCTION,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    // Names of sign-in pages are shared by all accounts of a region.
    pool.addDomain('SignIn', { cognitoDomain: { domainPrefix: `crossdock-${clientId}-${Aws.ACCOUNT_ID}` } });
    const clients = addAppClients(pool);
    return new HttpJwtAuthorizer('Token', `https://cognito-idp.${Stack.of(this).region}.${Aws.URL_SUFFIX}/${pool.userPoolId}`, {
      jwtAudience: clients.map((client) => client.userPoolClientId),
    });
  }
}

function addAppClients(pool: UserPool): UserPoolClient[] {
  const scopes = Object.entries(SCOPES).map(([scopeName, scopeDescription]) => new ResourceServerScope({ scopeName, scopeDescription }));
  const server = pool.addResourceServer('Hub', { identifier: SCOPE_PREFIX, scopes });
  const offer = (wanted: readonly string[]) => scopes.filter((scope) => wanted.includes(scope.scopeName)).map((scope) => OAuthScope.resourceServer(server, scope));
  const people = pool.addClient('People', {
    authFlows: {},
    oAuth: { flows: { authorizationCodeGrant: true }, scopes: [OAuthScope.OPENID, ...offer(Object.keys(SCOPES))], callbackUrls: [SIGNED_IN] },
    accessTokenValidity: Duration.hours(1),
    refreshTokenValidity: Duration.hours(12),
    preventUserExistenceErrors: true,
  });
  const warehouses = pool.addClient('WarehouseSystems', {
    generateSecret: true,
    authFlows: {},
    oAuth: { flows: { clientCredentials: true }, scopes: offer(WAREHOUSE_SCOPES) },
    accessTokenValidity: Duration.hours(1),
  });
  return [people, warehouses];
}
