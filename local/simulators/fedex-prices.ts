/** Where from or to, as far as prices go. */
interface PricedPlace {
  readonly countryCode: string;
  readonly residential: boolean;
}

/** A service at a price in minor units, with FedEx's word for the working days that it takes. */
interface PricedService {
  readonly service: string;
  readonly cost: number;
  readonly transit: string;
}

const GROUND_COUNTRIES = new Set(['US', 'CA']);
const GRAMS = { LB: 453.59237, KG: 1_000 } as const;

/** The same for a quote and for the purchase after it: prices rise with weight, distance and haste. */
export function pricesOf(from: PricedPlace, to: PricedPlace, weight: { readonly units: 'LB' | 'KG'; readonly value: number }): PricedService[] {
  const grams = weight.value * GRAMS[weight.units];
  const priced = (base: number, perKilogram: number) => Math.round(base + (perKilogram * grams) / 1_000);
  if (from.countryCode !== to.countryCode)
    return [
      { service: 'FEDEX_INTERNATIONAL_CONNECT_PLUS', cost: priced(1_230, 310), transit: 'FOUR_DAYS' },
      { service: 'FEDEX_INTERNATIONAL_PRIORITY', cost: priced(3_150, 720), transit: 'TWO_DAYS' },
    ];
  if (!GROUND_COUNTRIES.has(from.countryCode))
    return [
      { service: 'FEDEX_REGIONAL_ECONOMY', cost: priced(610, 95), transit: 'TWO_DAYS' },
      { service: 'FEDEX_PRIORITY', cost: priced(980, 160), transit: 'ONE_DAY' },
    ];
  const ground = to.residential ? { service: 'GROUND_HOME_DELIVERY', cost: priced(745, 88) } : { service: 'FEDEX_GROUND', cost: priced(615, 82) };
  return [
    { ...ground, transit: 'THREE_DAYS' },
    { service: 'FEDEX_2_DAY', cost: priced(1_490, 210), transit: 'TWO_DAYS' },
    { service: 'PRIORITY_OVERNIGHT', cost: priced(3_320, 410), transit: 'ONE_DAY' },
  ];
}

/** The operating company that moves a service's parcels. */
export function companyOf(service: string): 'FDXG' | 'FDXE' {
  return service.includes('GROUND') ? 'FDXG' : 'FDXE';
}
