/**
 * Every document that is sent to Shopify's Admin API, in one list, so that all can be held against the published schema:
 * `npm run contracts`. Written for version 2026-07, and the same in 2026-10: https://shopify.dev/docs/api/admin-graphql/2026-07
 *
 * One call may ask for 1,000 points at most: an object is 1, and a connection or list so many times its objects as are asked for, however few
 * there are. That is what the page sizes come from. https://shopify.dev/docs/api/usage/limits
 */

const ADDRESS = `shippingAddress {
      firstName lastName name company address1 address2 city province provinceCode zip countryCodeV2 phone
    }`;

const HEAD = `id name createdAt updatedAt cancelledAt test displayFinancialStatus displayFulfillmentStatus currencyCode
    currentTotalPriceSet { shopMoney { amount } }
    email phone customerLocale
    ${ADDRESS}`;

const LINES = `pageInfo { hasNextPage endCursor }
      nodes { id sku title quantity currentQuantity unfulfilledQuantity requiresShipping isGiftCard originalUnitPriceSet { shopMoney { amount } } }`;

const USER_ERRORS = 'userErrors { field message }';

/** Documents by the name of their operation. */
export const DOCUMENTS = {
  /** An order with its first lines. About 310 points. */
  ReadOrder: `query ReadOrder($order: ID!) {
  order(id: $order) {
    ${HEAD}
    lineItems(first: 100) {
      ${LINES}
    }
  }
}`,

  /** More lines of an order. About 310 points. */
  OrderLines: `query OrderLines($order: ID!, $after: String) {
  order(id: $order) {
    lineItems(first: 100, after: $after) {
      ${LINES}
    }
  }
}`,

  /** Orders that changed, with the lines of all usual ones. About 970 points. */
  ChangedOrders: `query ChangedOrders($changed: String!, $after: String) {
  orders(first: 14, query: $changed, sortKey: UPDATED_AT, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes {
      ${HEAD}
      lineItems(first: 20) {
      ${LINES}
      }
    }
  }
}`,

  /** Which fulfilments an order has, and from where. 500 points. */
  OrderFulfillments: `query OrderFulfillments($order: ID!) {
  order(id: $order) { fulfillments(first: 250) { id status location { id } } }
}`,

  /** What is in a fulfilment. About 500 points. */
  FulfilledLines: `query FulfilledLines($fulfillment: ID!, $after: String) {
  fulfillment(id: $fulfillment) {
    fulfillmentLineItems(first: 250, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { quantity lineItem { id sku } }
    }
  }
}`,

  /** Who is to fulfil what of an order. About 810 points. */
  AssignedLines: `query AssignedLines($order: ID!, $after: String) {
  order(id: $order) {
    fulfillmentOrders(first: 2, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        status
        requestStatus
        updatedAt
        assignedLocation { location { id } }
        lineItems(first: 200) { nodes { remainingQuantity lineItem { id } } }
      }
    }
  }
}`,

  /** The order that a fulfilment order is part of. 1 point. */
  FulfillmentOrderOrder: `query FulfillmentOrderOrder($fulfillmentOrder: ID!) {
  fulfillmentOrder(id: $fulfillmentOrder) { orderId }
}`,

  /** What of an order may be fulfilled, and what has been with which tracking number. About 760 points. */
  FulfillableLines: `query FulfillableLines($order: ID!, $after: String) {
  order(id: $order) {
    fulfillments(first: 50) { id status totalQuantity trackingInfo(first: 5) { number } }
    fulfillmentOrders(first: 2, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id
        status
        supportedActions { action }
        assignedLocation { location { id } }
        lineItems(first: 200) { nodes { id sku remainingQuantity } }
      }
    }
  }
}`,

  CreateFulfillment: `mutation CreateFulfillment($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status } ${USER_ERRORS} }
}`,

  /** What we are asked for as a fulfilment service. About 200 points. */
  AssignedOrders: `query AssignedOrders($status: FulfillmentOrderAssignmentStatus!, $locations: [ID!], $after: String) {
  assignedFulfillmentOrders(first: 100, assignmentStatus: $status, locationIds: $locations, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id orderId }
  }
}`,

  AcceptFulfillment: `mutation AcceptFulfillment($id: ID!) {
  fulfillmentOrderAcceptFulfillmentRequest(id: $id) { ${USER_ERRORS} }
}`,

  AcceptCancellation: `mutation AcceptCancellation($id: ID!) {
  fulfillmentOrderAcceptCancellationRequest(id: $id) { ${USER_ERRORS} }
}`,

  RejectCancellation: `mutation RejectCancellation($id: ID!, $message: String) {
  fulfillmentOrderRejectCancellationRequest(id: $id, message: $message) { ${USER_ERRORS} }
}`,

  /** A page of items of stock costs under half of the 1,000 points. */
  StockedItems: `query StockedItems($skus: String!, $location: ID!, $after: String) {
  location(id: $location) { id }
  inventoryItems(first: 100, query: $skus, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id sku inventoryLevel(locationId: $location) { quantities(names: ["available"]) { name quantity } } }
  }
}`,

  SetStock: `mutation SetStock($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { code field message } }
}`,

  Locations: 'query Locations { locations(first: 10) { nodes { id name } } }',

  Subscriptions: `query Subscriptions($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id topic uri }
  }
}`,

  CreateSubscription: `mutation CreateSubscription($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) { webhookSubscription { id } ${USER_ERRORS} }
}`,

  UpdateSubscription: `mutation UpdateSubscription($id: ID!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $subscription) { webhookSubscription { id } ${USER_ERRORS} }
}`,
} as const;

/** The name of an operation of ours. */
export type Operation = keyof typeof DOCUMENTS;
