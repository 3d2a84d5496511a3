/**
 * The part of Shopify's Admin API of 2026-07 that the simulated shop answers, with the names, arguments and nullability of the published
 * schema. Whatever else a document asks for is refused as a field that does not exist.
 * https://shopify.dev/docs/api/admin-graphql/2026-07
 */
export const SHOPIFY_SCHEMA = `
  directive @idempotent(key: String!) on FIELD

  schema { query: QueryRoot mutation: Mutation }

  scalar ARN
  scalar DateTime
  scalar Decimal
  scalar URL
  scalar UnsignedInt64

  enum CountryCode { AT AU BE CA CH CN CZ DE DK ES FI FR GB IE IN IT JP NL NO NZ PL PT SE US }
  enum CurrencyCode { AUD CAD CHF CZK DKK EUR GBP JPY KWD NOK NZD PLN SEK USD }
  enum FulfillmentOrderAction {
    CANCEL_FULFILLMENT_ORDER CREATE_FULFILLMENT EXTERNAL HOLD MARK_AS_OPEN MERGE MOVE RELEASE_HOLD REPORT_PROGRESS REQUEST_CANCELLATION
    REQUEST_FULFILLMENT SPLIT
  }
  enum FulfillmentOrderAssignmentStatus { CANCELLATION_REQUESTED FULFILLMENT_ACCEPTED FULFILLMENT_REQUESTED FULFILLMENT_UNSUBMITTED }
  enum FulfillmentOrderRejectionReason {
    INCORRECT_ADDRESS INCORRECT_PRODUCT_INFO INELIGIBLE_PRODUCT INTERNATIONAL_SHIPPING_UNAVAILABLE INVALID_CONTACT_INFORMATION INVALID_SKU
    INVENTORY_OUT_OF_STOCK MERCHANT_BLOCKED_OR_SUSPENDED MISSING_CUSTOMS_INFO ORDER_TOO_LARGE OTHER PACKAGE_PREFERENCE_NOT_SET PAYMENT_DECLINED
    UNDELIVERABLE_DESTINATION
  }
  enum FulfillmentOrderRequestStatus {
    ACCEPTED CANCELLATION_ACCEPTED CANCELLATION_REJECTED CANCELLATION_REQUESTED CLOSED REJECTED SUBMITTED UNSUBMITTED
  }
  enum FulfillmentOrderSortKeys { ID UPDATED_AT }
  enum FulfillmentOrderStatus { CANCELLED CLOSED INCOMPLETE IN_PROGRESS ON_HOLD OPEN SCHEDULED }
  enum FulfillmentStatus { CANCELLED ERROR FAILURE OPEN PENDING SUCCESS }
  enum InventorySetQuantitiesUserErrorCode {
    CHANGE_FROM_QUANTITY_STALE IDEMPOTENCY_CONCURRENT_REQUEST IDEMPOTENCY_KEY_PARAMETER_MISMATCH IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED
    INVALID_INVENTORY_ITEM INVALID_LOCATION INVALID_NAME INVALID_QUANTITY_NEGATIVE INVALID_QUANTITY_TOO_HIGH INVALID_REASON
    ITEM_NOT_STOCKED_AT_LOCATION NON_MUTABLE_INVENTORY_ITEM NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR
  }
  enum LocationSortKeys { ID NAME RELEVANCE }
  enum OrderCancelReason { CUSTOMER DECLINED FRAUD INVENTORY OTHER STAFF }
  enum OrderDisplayFinancialStatus { AUTHORIZED EXPIRED PAID PARTIALLY_PAID PARTIALLY_REFUNDED PENDING REFUNDED VOIDED }
  enum OrderDisplayFulfillmentStatus {
    FULFILLED IN_PROGRESS ON_HOLD OPEN PARTIALLY_FULFILLED PENDING_FULFILLMENT REQUEST_DECLINED RESTOCKED SCHEDULED UNFULFILLED
  }
  enum OrderSortKeys {
    CREATED_AT CURRENT_TOTAL_PRICE CUSTOMER_NAME DESTINATION FINANCIAL_STATUS FULFILLMENT_STATUS ID ORDER_NUMBER PO_NUMBER PROCESSED_AT RELEVANCE
    TOTAL_ITEMS_QUANTITY TOTAL_PRICE UPDATED_AT
  }
  enum WebhookSubscriptionFormat { JSON XML }
  enum WebhookSubscriptionSortKeys { CREATED_AT ID }
  enum WebhookSubscriptionTopic {
    APP_SCOPES_UPDATE APP_UNINSTALLED FULFILLMENTS_CREATE FULFILLMENTS_UPDATE FULFILLMENT_HOLDS_ADDED FULFILLMENT_HOLDS_RELEASED
    FULFILLMENT_ORDERS_CANCELLATION_REQUEST_ACCEPTED FULFILLMENT_ORDERS_CANCELLATION_REQUEST_REJECTED
    FULFILLMENT_ORDERS_CANCELLATION_REQUEST_SUBMITTED FULFILLMENT_ORDERS_CANCELLED FULFILLMENT_ORDERS_FULFILLMENT_REQUEST_ACCEPTED
    FULFILLMENT_ORDERS_FULFILLMENT_REQUEST_REJECTED FULFILLMENT_ORDERS_FULFILLMENT_REQUEST_SUBMITTED
    FULFILLMENT_ORDERS_FULFILLMENT_SERVICE_FAILED_TO_COMPLETE FULFILLMENT_ORDERS_HOLD_RELEASED FULFILLMENT_ORDERS_MERGED FULFILLMENT_ORDERS_MOVED
    FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE FULFILLMENT_ORDERS_PLACED_ON_HOLD FULFILLMENT_ORDERS_PROGRESS_REPORTED
    FULFILLMENT_ORDERS_RESCHEDULED FULFILLMENT_ORDERS_SCHEDULED_FULFILLMENT_ORDER_READY FULFILLMENT_ORDERS_SPLIT INVENTORY_LEVELS_UPDATE
    ORDERS_CANCELLED ORDERS_CREATE ORDERS_DELETE ORDERS_EDITED ORDERS_FULFILLED ORDERS_PAID ORDERS_PARTIALLY_FULFILLED ORDERS_UPDATED
    REFUNDS_CREATE RETURNS_APPROVE RETURNS_CANCEL RETURNS_CLOSE RETURNS_DECLINE RETURNS_REOPEN RETURNS_REQUEST RETURNS_UPDATE
  }

  interface DisplayableError { field: [String!] message: String! }
  interface Node { id: ID! }

  type QueryRoot {
    assignedFulfillmentOrders(
      after: String, assignmentStatus: FulfillmentOrderAssignmentStatus, before: String, first: Int, last: Int, locationIds: [ID!],
      reverse: Boolean = false, sortKey: FulfillmentOrderSortKeys = ID
    ): FulfillmentOrderConnection!
    fulfillment(id: ID!): Fulfillment
    fulfillmentOrder(id: ID!): FulfillmentOrder
    inventoryItem(id: ID!): InventoryItem
    inventoryItems(after: String, before: String, first: Int, last: Int, query: String, reverse: Boolean = false): InventoryItemConnection!
    location(id: ID): Location
    locations(
      after: String, before: String, first: Int, includeInactive: Boolean = false, includeLegacy: Boolean = false, last: Int, query: String,
      reverse: Boolean = false, sortKey: LocationSortKeys = NAME
    ): LocationConnection!
    order(id: ID!): Order
    orders(
      after: String, before: String, first: Int, last: Int, query: String, reverse: Boolean = false, savedSearchId: ID,
      sortKey: OrderSortKeys = PROCESSED_AT
    ): OrderConnection!
    webhookSubscription(id: ID!): WebhookSubscription
    webhookSubscriptions(
      after: String, before: String, callbackUrl: URL, first: Int, format: WebhookSubscriptionFormat, last: Int, query: String,
      reverse: Boolean = false, sortKey: WebhookSubscriptionSortKeys = CREATED_AT, topics: [WebhookSubscriptionTopic!], uri: String
    ): WebhookSubscriptionConnection!
  }

  type Mutation {
    fulfillmentCreate(fulfillment: FulfillmentInput!, message: String): FulfillmentCreatePayload
    fulfillmentOrderAcceptCancellationRequest(id: ID!, message: String): FulfillmentOrderAcceptCancellationRequestPayload
    fulfillmentOrderAcceptFulfillmentRequest(estimatedShippedAt: DateTime, id: ID!, message: String): FulfillmentOrderAcceptFulfillmentRequestPayload
    fulfillmentOrderRejectCancellationRequest(id: ID!, message: String): FulfillmentOrderRejectCancellationRequestPayload
    fulfillmentOrderRejectFulfillmentRequest(
      id: ID!, lineItems: [IncomingRequestLineItemInput!], message: String, reason: FulfillmentOrderRejectionReason
    ): FulfillmentOrderRejectFulfillmentRequestPayload
    inventorySetQuantities(input: InventorySetQuantitiesInput!): InventorySetQuantitiesPayload
    webhookSubscriptionCreate(topic: WebhookSubscriptionTopic!, webhookSubscription: WebhookSubscriptionInput!): WebhookSubscriptionCreatePayload
    webhookSubscriptionDelete(id: ID!): WebhookSubscriptionDeletePayload
    webhookSubscriptionUpdate(id: ID!, webhookSubscription: WebhookSubscriptionInput!): WebhookSubscriptionUpdatePayload
  }

  type PageInfo { endCursor: String hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String }
  type MoneyV2 { amount: Decimal! currencyCode: CurrencyCode! }
  type MoneyBag { presentmentMoney: MoneyV2! shopMoney: MoneyV2! }
  type UserError implements DisplayableError { field: [String!] message: String! }

  type MailingAddress implements Node {
    address1: String address2: String city: String company: String country: String countryCodeV2: CountryCode firstName: String id: ID!
    lastName: String name: String phone: String province: String provinceCode: String zip: String
  }

  type Order implements Node {
    billingAddress: MailingAddress cancelReason: OrderCancelReason cancelledAt: DateTime closed: Boolean! closedAt: DateTime
    confirmationNumber: String confirmed: Boolean! createdAt: DateTime! currencyCode: CurrencyCode! currentSubtotalLineItemsQuantity: Int!
    currentTotalPriceSet: MoneyBag! customerLocale: String displayFinancialStatus: OrderDisplayFinancialStatus
    displayFulfillmentStatus: OrderDisplayFulfillmentStatus! email: String
    fulfillmentOrders(
      after: String, before: String, displayable: Boolean = false, first: Int, last: Int, query: String, reverse: Boolean = false
    ): FulfillmentOrderConnection!
    fulfillments(first: Int, query: String): [Fulfillment!]!
    id: ID! legacyResourceId: UnsignedInt64!
    lineItems(after: String, before: String, first: Int, last: Int, reverse: Boolean = false): LineItemConnection!
    name: String! note: String number: Int! originalTotalPriceSet: MoneyBag! phone: String presentmentCurrencyCode: CurrencyCode!
    processedAt: DateTime! requiresShipping: Boolean! shippingAddress: MailingAddress sourceName: String tags: [String!]! test: Boolean!
    totalPriceSet: MoneyBag! unpaid: Boolean! updatedAt: DateTime!
  }
  type OrderConnection { edges: [OrderEdge!]! nodes: [Order!]! pageInfo: PageInfo! }
  type OrderEdge { cursor: String! node: Order! }

  type LineItem implements Node {
    currentQuantity: Int! id: ID! isGiftCard: Boolean! name: String! nonFulfillableQuantity: Int! originalUnitPriceSet: MoneyBag! quantity: Int!
    refundableQuantity: Int! requiresShipping: Boolean! sku: String taxable: Boolean! title: String! unfulfilledQuantity: Int!
    variantTitle: String vendor: String
  }
  type LineItemConnection { edges: [LineItemEdge!]! nodes: [LineItem!]! pageInfo: PageInfo! }
  type LineItemEdge { cursor: String! node: LineItem! }

  type Fulfillment implements Node {
    createdAt: DateTime!
    fulfillmentLineItems(after: String, before: String, first: Int, last: Int, reverse: Boolean = false): FulfillmentLineItemConnection!
    fulfillmentOrders(after: String, before: String, first: Int, last: Int, reverse: Boolean = false): FulfillmentOrderConnection!
    id: ID! legacyResourceId: UnsignedInt64! location: Location name: String! order: Order! requiresShipping: Boolean! status: FulfillmentStatus!
    totalQuantity: Int! trackingInfo(first: Int): [FulfillmentTrackingInfo!]! updatedAt: DateTime!
  }
  type FulfillmentConnection { edges: [FulfillmentEdge!]! nodes: [Fulfillment!]! pageInfo: PageInfo! }
  type FulfillmentEdge { cursor: String! node: Fulfillment! }
  type FulfillmentLineItem implements Node { id: ID! lineItem: LineItem! quantity: Int }
  type FulfillmentLineItemConnection { edges: [FulfillmentLineItemEdge!]! nodes: [FulfillmentLineItem!]! pageInfo: PageInfo! }
  type FulfillmentLineItemEdge { cursor: String! node: FulfillmentLineItem! }
  type FulfillmentTrackingInfo { company: String number: String url: URL }

  type FulfillmentOrder implements Node {
    assignedLocation: FulfillmentOrderAssignedLocation! createdAt: DateTime!
    fulfillments(after: String, before: String, first: Int, last: Int, reverse: Boolean = false): FulfillmentConnection!
    id: ID!
    lineItems(after: String, before: String, first: Int, last: Int, reverse: Boolean = false): FulfillmentOrderLineItemConnection!
    order: Order! orderId: ID! orderName: String! orderProcessedAt: DateTime! requestStatus: FulfillmentOrderRequestStatus!
    status: FulfillmentOrderStatus! supportedActions: [FulfillmentOrderSupportedAction!]! updatedAt: DateTime!
  }
  type FulfillmentOrderConnection { edges: [FulfillmentOrderEdge!]! nodes: [FulfillmentOrder!]! pageInfo: PageInfo! }
  type FulfillmentOrderEdge { cursor: String! node: FulfillmentOrder! }
  type FulfillmentOrderAssignedLocation { location: Location name: String! }
  type FulfillmentOrderSupportedAction { action: FulfillmentOrderAction! externalUrl: URL }
  type FulfillmentOrderLineItem implements Node {
    id: ID! lineItem: LineItem! productTitle: String! remainingQuantity: Int! requiresShipping: Boolean! sku: String totalQuantity: Int!
    variantTitle: String vendor: String
  }
  type FulfillmentOrderLineItemConnection { edges: [FulfillmentOrderLineItemEdge!]! nodes: [FulfillmentOrderLineItem!]! pageInfo: PageInfo! }
  type FulfillmentOrderLineItemEdge { cursor: String! node: FulfillmentOrderLineItem! }

  type Location implements Node { fulfillsOnlineOrders: Boolean! id: ID! isActive: Boolean! name: String! }
  type LocationConnection { edges: [LocationEdge!]! nodes: [Location!]! pageInfo: PageInfo! }
  type LocationEdge { cursor: String! node: Location! }

  type InventoryItem implements Node {
    id: ID! inventoryLevel(includeInactive: Boolean = false, locationId: ID!): InventoryLevel sku: String tracked: Boolean!
  }
  type InventoryItemConnection { edges: [InventoryItemEdge!]! nodes: [InventoryItem!]! pageInfo: PageInfo! }
  type InventoryItemEdge { cursor: String! node: InventoryItem! }
  type InventoryLevel implements Node { id: ID! isActive: Boolean! quantities(names: [String!]!): [InventoryQuantity!]! }
  type InventoryQuantity implements Node { id: ID! name: String! quantity: Int! }
  type InventoryAdjustmentGroup implements Node { id: ID! reason: String! }
  type InventorySetQuantitiesUserError implements DisplayableError { code: InventorySetQuantitiesUserErrorCode field: [String!] message: String! }

  type WebhookSubscription implements Node {
    callbackUrl: URL! createdAt: DateTime! endpoint: WebhookSubscriptionEndpoint! filter: String format: WebhookSubscriptionFormat! id: ID!
    includeFields: [String!]! legacyResourceId: UnsignedInt64! metafieldNamespaces: [String!]! name: String topic: WebhookSubscriptionTopic!
    updatedAt: DateTime! uri: String!
  }
  type WebhookSubscriptionConnection { edges: [WebhookSubscriptionEdge!]! nodes: [WebhookSubscription!]! pageInfo: PageInfo! }
  type WebhookSubscriptionEdge { cursor: String! node: WebhookSubscription! }
  type WebhookEventBridgeEndpoint { arn: ARN! }
  type WebhookHttpEndpoint { callbackUrl: URL! }
  type WebhookPubSubEndpoint { pubSubProject: String! pubSubTopic: String! }
  union WebhookSubscriptionEndpoint = WebhookEventBridgeEndpoint | WebhookHttpEndpoint | WebhookPubSubEndpoint

  type FulfillmentCreatePayload { fulfillment: Fulfillment userErrors: [UserError!]! }
  type FulfillmentOrderAcceptCancellationRequestPayload { fulfillmentOrder: FulfillmentOrder userErrors: [UserError!]! }
  type FulfillmentOrderAcceptFulfillmentRequestPayload { fulfillmentOrder: FulfillmentOrder userErrors: [UserError!]! }
  type FulfillmentOrderRejectCancellationRequestPayload { fulfillmentOrder: FulfillmentOrder userErrors: [UserError!]! }
  type FulfillmentOrderRejectFulfillmentRequestPayload { fulfillmentOrder: FulfillmentOrder userErrors: [UserError!]! }
  type InventorySetQuantitiesPayload { inventoryAdjustmentGroup: InventoryAdjustmentGroup userErrors: [InventorySetQuantitiesUserError!]! }
  type WebhookSubscriptionCreatePayload { userErrors: [UserError!]! webhookSubscription: WebhookSubscription }
  type WebhookSubscriptionDeletePayload { deletedWebhookSubscriptionId: ID userErrors: [UserError!]! }
  type WebhookSubscriptionUpdatePayload { userErrors: [UserError!]! webhookSubscription: WebhookSubscription }

  input FulfillmentInput {
    lineItemsByFulfillmentOrder: [FulfillmentOrderLineItemsInput!]! notifyCustomer: Boolean originAddress: FulfillmentOriginAddressInput
    trackingInfo: FulfillmentTrackingInput
  }
  input FulfillmentOrderLineItemsInput { fulfillmentOrderId: ID! fulfillmentOrderLineItems: [FulfillmentOrderLineItemInput!] }
  input FulfillmentOrderLineItemInput { id: ID! quantity: Int! }
  input FulfillmentOriginAddressInput { address1: String address2: String city: String countryCode: String! provinceCode: String zip: String }
  input FulfillmentTrackingInput { company: String number: String numbers: [String!] url: URL urls: [URL!] }
  input IncomingRequestLineItemInput { fulfillmentOrderLineItemId: ID! message: String }
  input InventoryQuantityInput { changeFromQuantity: Int inventoryItemId: ID! locationId: ID! quantity: Int! }
  input InventorySetQuantitiesInput { name: String! quantities: [InventoryQuantityInput!]! reason: String! referenceDocumentUri: String }
  input WebhookSubscriptionInput {
    callbackUrl: URL filter: String format: WebhookSubscriptionFormat includeFields: [String!] metafieldNamespaces: [String!] name: String uri: String
  }
`;
