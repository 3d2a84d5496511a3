import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  HttpApi,
  HttpIntegrationType,
  HttpMethod,
  HttpRouteIntegration,
  type HttpRouteIntegrationConfig,
  HttpStage,
  IntegrationCredentials,
  LogGroupLogDestination,
  PayloadFormatVersion,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { AccountRecovery, FeaturePlan, Mfa, OAuthScope, ResourceServerScope, StandardThreatProtectionMode, UserPool, type UserPoolClient } from 'aws-cdk-lib/aws-cognito';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { FilterPattern, LogGroup, MetricFilter, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ROUTES, type Route, type RouteName, SCOPE_PREFIX, type Scope } from '../functions/shell/routes.ts';
import { failureAlarm } from './alarm.ts';
import { HubFunction, type HubFunctionProps } from './hub-function.ts';
import { OwnRole } from './own-role.ts';

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

/** The metric of answers that callers saw fail. */
const FAILED = 'failed';

/** A function behind a route. The API calls all of them by one role, where a permission at each function would be a resource for each. */
class CalledFunction extends HttpRouteIntegration {
  private readonly fn: HubFunction;
  private readonly caller: OwnRole;

  constructor(fn: HubFunction, caller: OwnRole) {
    super(fn.node.id);
    this.fn = fn;
    this.caller = caller;
  }

  bind(): HttpRouteIntegrationConfig {
    const uri = this.fn.function.functionArn;
    this.caller.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [uri] }));
    return {
      type: HttpIntegrationType.AWS_PROXY,
      uri,
      payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
      credentials: IntegrationCredentials.fromRole(this.caller),
    };
  }
}

/** The way into the hub over HTTP: the API, and the people and systems that may use it. */
export class Gateway extends Construct {
  /** `https://...` without a slash at its end. */
  readonly url: string;
  private readonly api: HttpApi;
  private readonly accessLog: LogGroup;
  private readonly caller: OwnRole;
  private readonly metricNamespace: string;
  private readonly authorizer: HttpJwtAuthorizer;

  /** @param clientId part of the name of the sign-in page */
  constructor(scope: Construct, id: string, clientId: string) {
    super(scope, id);
    this.api = new HttpApi(this, 'Api', { createDefaultStage: false, description: `Crossdock for ${clientId}` });
    this.url = this.api.apiEndpoint;
    this.metricNamespace = `Crossdock/${clientId}`;
    this.accessLog = this.addStage();
    this.countFailures();
    this.caller = new OwnRole(this, 'Caller', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      description: 'What the API may do: call the functions of its routes',
    });
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
      integration: new CalledFunction(fn, this.caller),
      ...protection,
    });
    this.watch(fn, `${route.method} ${route.path}`, failureMeans);
    return fn;
  }

  /** Wakes a person by what callers saw fail: a function's own error count misses the failures that it answered with. */
  private watch(fn: HubFunction, route: string, failureMeans: string): void {
    const metric = new Metric({ namespace: this.metricNamespace, metricName: FAILED, dimensionsMap: { route }, period: Duration.minutes(1), statistic: 'Sum' });
    failureAlarm(fn, 'FailureAlarm', { metric, failureMeans, runbook: fn.runbook });
  }

  /** Counts answers of 5xx, route by route. */
  private countFailures(): void {
    new MetricFilter(this, 'Failures', {
      logGroup: this.accessLog,
      filterPattern: FilterPattern.literal('{ $.status = "5*" }'),
      metricNamespace: this.metricNamespace,
      metricName: FAILED,
      metricValue: '1',
      dimensions: { route: '$.route' },
    });
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
