/**
 * Services of ordinary parcels by their codes. Freight, Mail Innovations, Worldwide Economy and Access Point need fields that a shipment does not have
 * here, so they are not offered. https://github.com/UPS-API/api-documentation/blob/main/Shipping.yaml Shipment_Service
 */
export const SERVICES: ReadonlyMap<string, string> = new Map([
  ['01', 'Next Day Air'],
  ['02', '2nd Day Air'],
  ['03', 'Ground'],
  ['07', 'Express'],
  ['08', 'Expedited'],
  ['11', 'Standard'],
  ['12', '3 Day Select'],
  ['13', 'Next Day Air Saver'],
  ['14', 'Next Day Air Early'],
  ['54', 'Express Plus'],
  ['59', '2nd Day Air A.M.'],
  ['65', 'Saver'],
  ['74', 'Express 12:00'],
]);

/** Services that UPS does not sell for parcels that come back. */
export const NOT_FOR_RETURNS: ReadonlySet<string> = new Set(['13', '59']);
