import { GraphQLError } from 'graphql';
import { connectionOf, type Paging } from './graphql.ts';
import {
  type Fulfilment,
  type FulfilmentOrder,
  type FulfilmentOrderLine,
  financialStatusOf,
  fulfilmentStatusOf,
  isOpen,
  type LineState,
  type OrderState,
  type ShopLocation,
} from './shopify-orders.ts';
import { type Buyer, decimal, type SoldLine, totalOf } from './sold-order.ts';

/** Why a mutation changed nothing. */
export interface UserError {
  readonly field: readonly string[] | null;
  readonly message: string;
}

/** Says why a mutation changes nothing. */
export function refused(field: readonly string[] | null, message: string): UserError {
  return { field, message };
}

/** A global id. https://shopify.dev/docs/api/usage/gids */
export function gid(noun: string, id: string | number): string {
  return `gid://shopify/${noun}/${id}`;
}

/**
 * The digits of a global id.
 * @throws GraphQLError for an id of something else
 */
export function digitsOf(noun: string, id: string): string {
  const digits = /^gid:\/\/shopify\/([A-Za-z]+)\/(\d+)$/.exec(id);
  if (digits?.[1] !== noun || digits[2] === undefined) throw new GraphQLError(`Invalid global id ${JSON.stringify(id)}: a ${noun} is wanted.`);
  return digits[2];
}

/** A cursor that sorts as the number does. */
export function cursorOf(id: string | number): string {
  return String(id).padStart(20, '0');
}

/** An instant as the Admin API writes it: UTC, on a whole second. */
export function instantOf(instant: string): string {
  return instant.replace(/\.\d+Z$/, 'Z');
}

const byId = ({ id }: { readonly id: string }): string => cursorOf(id.split('/').at(-1) ?? '');

/** A location. */
export function locationNode({ id, name }: ShopLocation) {
  return { id: gid('Location', id), name, isActive: true, fulfillsOnlineOrders: true };
}

/** An order. https://shopify.dev/docs/api/admin-graphql/2026-07/objects/Order */
export function orderNode(state: OrderState, locations: readonly ShopLocation[]) {
  const { sold, version, updatedAt, lines } = state;
  const { buyer, currency } = sold;
  const address = addressNode(buyer, sold.sourceId);
  const bought = lines.reduce((sum, one) => sum + one.line.unitPrice * one.bought, 0);
  const goods = lines.filter(({ line }) => line.kind === 'goods');
  return {
    id: gid('Order', sold.sourceId),
    legacyResourceId: sold.sourceId,
    name: sold.number,
    number: Number(sold.number.replace(/\D/g, '')),
    confirmationNumber: `C${sold.number.replace(/\D/g, '').padStart(8, '0')}`,
    confirmed: true,
    createdAt: instantOf(sold.placedAt),
    processedAt: instantOf(sold.placedAt),
    updatedAt: instantOf(updatedAt),
    cancelledAt: version.cancelled ? instantOf(version.updatedAt) : null,
    cancelReason: version.cancelled ? 'CUSTOMER' : null,
    closed: false,
    closedAt: null,
    test: sold.test,
    unpaid: !version.paid,
    note: version.note === '' ? null : version.note,
    tags: ['Léon', 'newsletter'],
    sourceName: 'web',
    email: buyer.email,
    phone: null,
    customerLocale: buyer.locale,
    currencyCode: currency,
    presentmentCurrencyCode: currency,
    currentSubtotalLineItemsQuantity: lines.reduce((sum, one) => sum + one.left, 0),
    currentTotalPriceSet: moneyBag(totalOf(sold, version), currency),
    originalTotalPriceSet: moneyBag(bought, currency),
    totalPriceSet: moneyBag(bought, currency),
    displayFinancialStatus: financialStatusOf(sold, version),
    displayFulfillmentStatus: fulfilmentStatusOf(state),
    requiresShipping: goods.length > 0,
    shippingAddress: sold.shipped ? address : null,
    billingAddress: address,
    lineItems: (paging: Paging) =>
      connectionOf(
        lines.map((line) => lineNode(line, state)),
        paging,
        byPlace,
      ),
    fulfillments: ({ first }: Paging) => state.fulfilments.slice(0, first ?? undefined).map((fulfilment) => fulfilmentNode(fulfilment, state, locations)),
    fulfillmentOrders: (paging: Paging) =>
      connectionOf(
        state.fulfilmentOrders.map((one) => fulfilmentOrderNode(one, state, locations)),
        paging,
        byId,
      ),
  };
}

// Lines keep the order of the basket, whatever their ids are.
const byPlace = ({ place }: { readonly place: number }): string => cursorOf(place);

function lineNode({ line, bought, left, fulfilled }: LineState, { sold, version }: OrderState) {
  const isGoods = line.kind === 'goods';
  const current = version.cancelled ? 0 : left;
  const unfulfilled = version.cancelled ? 0 : Math.max(0, left - fulfilled);
  return {
    place: sold.lines.findIndex(({ lineId }) => lineId === line.lineId) + 1,
    id: gid('LineItem', line.lineId),
    sku: line.sku,
    title: line.title,
    name: line.title,
    quantity: bought,
    currentQuantity: current,
    unfulfilledQuantity: unfulfilled,
    nonFulfillableQuantity: isGoods ? 0 : current,
    refundableQuantity: current,
    requiresShipping: isGoods,
    isGiftCard: line.kind === 'gift-card',
    taxable: isGoods,
    originalUnitPriceSet: moneyBag(line.unitPrice, sold.currency),
    variantTitle: null,
    vendor: isGoods ? 'Harbour & Pine' : null,
  };
}

function lineNamed(lineId: string, state: OrderState) {
  const line = state.lines.find((one) => one.line.lineId === lineId);
  if (line === undefined) throw new Error(`Order ${state.sold.sourceId} has no line ${lineId}.`);
  return lineNode(line, state);
}

/** A fulfilment order. https://shopify.dev/docs/api/admin-graphql/2026-07/objects/FulfillmentOrder */
export function fulfilmentOrderNode(one: FulfilmentOrder, state: OrderState, locations: readonly ShopLocation[]) {
  const location = locations.find(({ id }) => id === one.locationId) ?? { id: one.locationId, name: one.locationId };
  const { sold, updatedAt } = state;
  return {
    id: gid('FulfillmentOrder', one.id),
    status: one.status,
    requestStatus: one.requestStatus,
    order: () => orderNode(state, locations),
    orderId: gid('Order', sold.sourceId),
    orderName: sold.number,
    orderProcessedAt: instantOf(sold.placedAt),
    createdAt: instantOf(sold.placedAt),
    updatedAt: instantOf(updatedAt),
    assignedLocation: { name: location.name, location: locationNode(location) },
    supportedActions: actionsOf(one).map((action) => ({ action, externalUrl: null })),
    lineItems: (paging: Paging) =>
      connectionOf(
        one.lines.map((line) => fulfilmentOrderLineNode(line, state)),
        paging,
        byId,
      ),
    fulfillments: (paging: Paging) =>
      connectionOf(
        state.fulfilments.filter(({ lines }) => lines.some((line) => line.fulfilmentOrderId === one.id)).map((fulfilment) => fulfilmentNode(fulfilment, state, locations)),
        paging,
        byId,
      ),
  };
}

function actionsOf(one: FulfilmentOrder): readonly string[] {
  if (one.status === 'ON_HOLD') return ['RELEASE_HOLD', 'HOLD', 'MOVE'];
  if (!isOpen(one)) return [];
  return one.requestStatus === 'SUBMITTED' ? ['CANCEL_FULFILLMENT_ORDER'] : ['CREATE_FULFILLMENT', 'REPORT_PROGRESS', 'MOVE', 'HOLD', 'SPLIT'];
}

function fulfilmentOrderLineNode({ id, lineId, total, remaining }: FulfilmentOrderLine, state: OrderState) {
  const { sku, title } = soldLine(lineId, state);
  return {
    id: gid('FulfillmentOrderLineItem', id),
    totalQuantity: total,
    remainingQuantity: remaining,
    requiresShipping: true,
    sku,
    productTitle: title,
    variantTitle: null,
    vendor: 'Harbour & Pine',
    lineItem: () => lineNamed(lineId, state),
  };
}

function soldLine(lineId: string, { sold }: OrderState): SoldLine {
  const line = sold.lines.find((one) => one.lineId === lineId);
  if (line === undefined) throw new Error(`Order ${sold.sourceId} has no line ${lineId}.`);
  return line;
}

/** A fulfilment. https://shopify.dev/docs/api/admin-graphql/2026-07/objects/Fulfillment */
export function fulfilmentNode(fulfilment: Fulfilment, state: OrderState, locations: readonly ShopLocation[]) {
  const { id, name, at, numbers, urls, company, lines } = fulfilment;
  const location = locations.find((one) => one.id === fulfilment.locationId);
  const tracking = numbers.map((number, index) => ({ number, url: urls[index] ?? null, company: company === '' ? null : company }));
  return {
    id: gid('Fulfillment', id),
    legacyResourceId: String(id),
    name,
    status: 'SUCCESS',
    createdAt: instantOf(at),
    updatedAt: instantOf(at),
    requiresShipping: true,
    totalQuantity: lines.reduce((sum, { quantity }) => sum + quantity, 0),
    location: location ? locationNode(location) : null,
    order: () => orderNode(state, locations),
    trackingInfo: ({ first }: Paging) => tracking.slice(0, first ?? undefined),
    fulfillmentLineItems: (paging: Paging) =>
      connectionOf(
        lines.map((line) => ({ id: gid('FulfillmentLineItem', line.id), quantity: line.quantity, lineItem: () => lineNamed(line.lineId, state) })),
        paging,
        byId,
      ),
    fulfillmentOrders: (paging: Paging) =>
      connectionOf(
        state.fulfilmentOrders.filter((one) => lines.some(({ fulfilmentOrderId }) => fulfilmentOrderId === one.id)).map((one) => fulfilmentOrderNode(one, state, locations)),
        paging,
        byId,
      ),
  };
}

function addressNode(buyer: Buyer, sourceId: string) {
  const region = buyer.region === '' ? null : buyer.region;
  return {
    id: gid('MailingAddress', sourceId.replace(/^./, '8')),
    firstName: buyer.firstName,
    lastName: buyer.lastName,
    name: `${buyer.firstName} ${buyer.lastName}`,
    company: buyer.company === '' ? null : buyer.company,
    address1: buyer.line1,
    address2: buyer.line2,
    city: buyer.city,
    province: region,
    provinceCode: region,
    zip: buyer.postalCode,
    country: buyer.country,
    countryCodeV2: buyer.country,
    phone: buyer.phone,
  };
}

/** The Admin API writes amounts without closing zeros, but for one: 225.0, 22.5. */
function moneyBag(minor: number, currencyCode: string) {
  const money = { amount: decimal(minor).replace(/(\.\d)0$/, '$1'), currencyCode };
  return { shopMoney: money, presentmentMoney: money };
}
