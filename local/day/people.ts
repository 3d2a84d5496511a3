import type { Random } from '../simulators/seed.ts';
import type { Buyer } from '../simulators/sold-order.ts';

/** A place people live in; the streets are invented, the cities and postcodes have the shape of real ones. */
interface Place {
  readonly country: string;
  readonly locale: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  readonly dialling: string;
}

const FIRST_NAMES = [
  'Adaeze',
  'Bjarne',
  'Célestine',
  'Darragh',
  'Eirlys',
  'Fenna',
  'Gökçe',
  'Hjalmar',
  'Ingeborg',
  'Joaquín',
  'Katarzyna',
  'Léonie',
  'Máirín',
  'Nils-Åke',
  'Oisín',
  'Petronella',
  'Quirin',
  'Rosalía',
  'Søren',
  'Tamsin',
  'Ursuline',
  'Väinö',
  'Wilhelmina',
  'Xaver',
  'Yrsa',
  'Zdeněk',
] as const;
// Invented surnames: found anywhere they must not be, they prove a leak.
const SURNAMES = [
  'Quillfeather',
  'Brambleshaw',
  'Zwitscherling',
  'Mirabeaudin',
  'Oakentwist',
  'Pfefferkranz',
  'Thistlebarrow',
  'Vandergloom',
  'Winterbottel',
  'Kesselflick',
  'Larkspindle',
  'Nebelhuber',
  'Fauvignard',
  'Grimsbottle',
  'Hazelquist',
  'Ijsseldoorn',
  'Juniperholt',
  'Moosbrücker',
  'Sonnenquast',
  'Tournesolle',
] as const;
const STREETS: readonly [string, ...string[]] = [
  'Zwielichtgasse',
  'Quillfeather Row',
  'Rue des Mirabelles Perdues',
  'Moorlaternenweg',
  'Thistledown Lane',
  'Kesselflickerstraße',
  'Calle del Farolillo',
  'Nachtegaalsteeg',
];
const PLACES: readonly [Place, ...Place[]] = [
  { country: 'DE', locale: 'de-DE', city: 'Hamburg', region: '', postalCode: '20457', dialling: '+4940555' },
  { country: 'DE', locale: 'de-DE', city: 'München', region: '', postalCode: '80331', dialling: '+4989555' },
  { country: 'DE', locale: 'de-DE', city: 'Leipzig', region: '', postalCode: '04109', dialling: '+4934155' },
  { country: 'AT', locale: 'de-AT', city: 'Graz', region: '', postalCode: '8010', dialling: '+4331655' },
  { country: 'FR', locale: 'fr-FR', city: 'Saint-Étienne', region: '', postalCode: '42000', dialling: '+3347755' },
  { country: 'NL', locale: 'nl-NL', city: 'Utrecht', region: '', postalCode: '3511 AB', dialling: '+3130555' },
  { country: 'ES', locale: 'es-ES', city: 'Málaga', region: '', postalCode: '29001', dialling: '+3495255' },
  { country: 'GB', locale: 'en-GB', city: 'York', region: '', postalCode: 'YO1 7HH', dialling: '+441904555' },
  { country: 'US', locale: 'en-US', city: 'Portland', region: 'OR', postalCode: '97201', dialling: '+1503555' },
];

/** Invents the nth customer of a day: a name, an address and a way to reach them that nobody else has. */
export function inventBuyer(n: number, random: Random): Buyer {
  const firstName = FIRST_NAMES[n % FIRST_NAMES.length] ?? FIRST_NAMES[0];
  const family = SURNAMES[Math.floor(n / FIRST_NAMES.length) % SURNAMES.length] ?? SURNAMES[0];
  const round = Math.floor(n / (FIRST_NAMES.length * SURNAMES.length));
  const lastName = round === 0 ? family : `${family} ${roman(round + 1)}`;
  const place = random.pick(PLACES);
  const plain = `${firstName}.${family}`
    .normalize('NFKD')
    .replace(/[^A-Za-z.]/g, '')
    .toLowerCase();
  return {
    firstName,
    lastName,
    company: random.chance(0.15) ? 'Hüttenwirte & Söhne' : '',
    line1: `${random.pick(STREETS)} ${random.int(1, 180)}`,
    line2: random.chance(0.2) ? `Apt ${random.int(1, 40)}` : '',
    city: place.city,
    region: place.region,
    postalCode: place.postalCode,
    country: place.country,
    phone: `${place.dialling}${String(random.int(0, 9999)).padStart(4, '0')}`,
    email: `${plain}.${n}@mail.example.org`,
    locale: place.locale,
  };
}

/** Text that stands for personal data: found in a log, an event, a fact or a report it proves a leak. */
export function canaries(): string[] {
  return [...SURNAMES, ...STREETS, 'mail.example.org'].flatMap((word) => [word, word.toUpperCase()]);
}

function roman(n: number): string {
  const signs = [
    [10, 'X'],
    [9, 'IX'],
    [5, 'V'],
    [4, 'IV'],
    [1, 'I'],
  ] as const;
  let [rest, text] = [n, ''];
  for (const [value, sign] of signs) for (; rest >= value; rest -= value) text += sign;
  return text;
}
