import type { Operation } from '../../adapters/shopify/documents.ts';

const ORDER = 'gid://shopify/Order/820982911946154508';
const FULFILLMENT_ORDER = 'gid://shopify/FulfillmentOrder/1';
const LOCATION = 'gid://shopify/Location/7';
const SUBSCRIPTION = { uri: 'https://hub.example.com/hooks/shop', format: 'JSON' };

/** What each operation is called with, as its adapter calls it: every variable that it ever passes. */
export const VARIABLES: Readonly<Record<Operation, Readonly<Record<string, unknown>>>> = {
  ReadOrder: { order: ORDER },
  OrderLines: { order: ORDER, after: 'c1' },
  ChangedOrders: { changed: "updated_at:>='2026-11-20T09:00:00.000Z'", after: null },
  OrderFulfillments: { order: ORDER },
  FulfilledLines: { fulfillment: 'gid://shopify/Fulfillment/1', after: null },
  AssignedLines: { order: ORDER, after: null },
  FulfillmentOrderOrder: { fulfillmentOrder: FULFILLMENT_ORDER },
  FulfillableLines: { order: ORDER, after: null },
  CreateFulfillment: {
    fulfillment: {
      lineItemsByFulfillmentOrder: [{ fulfillmentOrderId: FULFILLMENT_ORDER, fulfillmentOrderLineItems: [{ id: 'gid://shopify/FulfillmentOrderLineItem/1', quantity: 2 }] }],
      notifyCustomer: false,
      trackingInfo: { company: 'UPS', number: '1Z999', url: 'https://track.example.com/1Z999' },
    },
  },
  AssignedOrders: { status: 'FULFILLMENT_REQUESTED', locations: [LOCATION], after: null },
  AcceptFulfillment: { id: FULFILLMENT_ORDER },
  AcceptCancellation: { id: FULFILLMENT_ORDER },
  RejectCancellation: { id: FULFILLMENT_ORDER, message: 'The order has left.' },
  StockedItems: { skus: 'sku:"TENT"', location: LOCATION, after: null },
  SetStock: {
    input: {
      name: 'available',
      reason: 'correction',
      quantities: [{ inventoryItemId: 'gid://shopify/InventoryItem/1', locationId: LOCATION, quantity: 3, changeFromQuantity: 4 }],
    },
    key: '00000000-0000-0000-0000-000000000000',
  },
  Locations: {},
  Subscriptions: { after: null },
  CreateSubscription: { topic: 'ORDERS_CREATE', subscription: SUBSCRIPTION },
  UpdateSubscription: { id: 'gid://shopify/WebhookSubscription/1', subscription: SUBSCRIPTION },
};
