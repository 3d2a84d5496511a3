/** One way into the hub over HTTP. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** API Gateway path with `{parameters}`. */
  readonly path: string;
  /** The scope a caller's token must carry; null where the request proves itself (signed webhooks and links). */
  readonly scope: Scope | null;
}

/** What a person's token may allow, as `hub/<scope>` in Cognito. */
export type Scope = 'orders.read' | 'orders.write' | 'orders.authorise' | 'orders.pack' | 'stock.write';

/** Every route, by the function that answers it. Read by the infrastructure, by the functions and by the command line. */
export const ROUTES = {
  'storefront/receive-webhook': { method: 'POST', path: '/hooks/{connectionId}', scope: null },
  'storefront/receive-request': { method: 'POST', path: '/services/{connectionId}/{token}/{request}', scope: null },
  'storefront/answer-question': { method: 'GET', path: '/services/{connectionId}/{token}/{question}', scope: null },
  'tracking/receive-update': { method: 'POST', path: '/updates/{carrierId}', scope: null },
  'tracking/issue-token': { method: 'POST', path: '/oauth/{carrierId}/token', scope: null },
  'order/authorise-orders': { method: 'POST', path: '/orders/authorise', scope: 'orders.authorise' },
  'order/show-order': { method: 'GET', path: '/orders/{orderId}', scope: 'orders.read' },
  'order/correct-address': { method: 'POST', path: '/orders/{orderId}/address', scope: 'orders.write' },
  'order/explain-order': { method: 'GET', path: '/orders/{orderId}/explanation', scope: 'orders.read' },
  'order/hold-order': { method: 'POST', path: '/orders/{orderId}/holds', scope: 'orders.write' },
  'order/release-hold': { method: 'POST', path: '/orders/{orderId}/holds/{kind}/release', scope: 'orders.write' },
  'order/prioritise-order': { method: 'POST', path: '/orders/{orderId}/priority', scope: 'orders.authorise' },
  'order/reallocate-order': { method: 'POST', path: '/orders/{orderId}/reallocate', scope: 'orders.authorise' },
  'order/authorise-order': { method: 'POST', path: '/orders/{orderId}/authorise', scope: 'orders.authorise' },
  'shipment/begin-packing': { method: 'POST', path: '/orders/{orderId}/packing', scope: 'orders.pack' },
  'shipment/recall-parcel': { method: 'POST', path: '/orders/{orderId}/parcels/{parcel}/recall', scope: 'orders.authorise' },
  'shipment/settle-label': { method: 'POST', path: '/orders/{orderId}/parcels/{parcel}/label', scope: 'orders.pack' },
  'tracking/report-scan': { method: 'POST', path: '/orders/{orderId}/parcels/{parcel}/scans', scope: 'orders.pack' },
  'shipment/request-return': { method: 'POST', path: '/orders/{orderId}/parcels/{parcel}/return', scope: 'orders.write' },
  'shipment/show-documents': { method: 'GET', path: '/orders/{orderId}/parcels/{parcel}/documents', scope: 'orders.read' },
  'shipment/close-manifest': { method: 'POST', path: '/manifests', scope: 'orders.pack' },
  'shipment/show-manifests': { method: 'GET', path: '/manifests/{carrierId}', scope: 'orders.read' },
  'shipment/book-pickup': { method: 'POST', path: '/pickups', scope: 'orders.pack' },
  'shipment/cancel-pickup': { method: 'POST', path: '/pickups/{carrierId}/{pickupId}/cancel', scope: 'orders.pack' },
  'shipment/hand-over-parcels': { method: 'POST', path: '/handovers', scope: 'orders.pack' },
  'shipment/pack-order': { method: 'POST', path: '/orders/{orderId}/pack', scope: 'orders.pack' },
  'inventory/book-stock': { method: 'POST', path: '/stock/bookings', scope: 'stock.write' },
  'report/open-report': { method: 'GET', path: '/reports/{report}/{day}', scope: null },
} as const satisfies Record<string, Route>;

/** The name of a function that answers a route. */
export type RouteName = keyof typeof ROUTES;

/** Cognito's name for our resource server; scopes are `hub/<scope>`. */
export const SCOPE_PREFIX = 'hub';
