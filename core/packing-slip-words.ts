/** What a packing slip says beside the order itself. */
export interface SlipWords {
  readonly title: string;
  readonly order: string;
  readonly placed: string;
  readonly packed: string;
  readonly parcel: (number: number) => string;
  readonly parcelOf: (number: number, parcels: number) => string;
  readonly quantity: string;
  readonly product: string;
  readonly sku: string;
  readonly lot: string;
  /** Before the day on which a lot expires. */
  readonly expires: string;
  readonly serials: string;
  readonly units: (units: number) => string;
  readonly elsewhere: string;
  readonly inParcel: (number: number) => string;
  /** Of what is not packed yet. */
  readonly follows: string;
  readonly back: string;
  /** What to do with goods that are to come back. */
  readonly backHow: (shop: string, number: string) => string;
  readonly page: (page: number, pages: number) => string;
}

const FALLBACK = 'en';

const WORDS: Readonly<Record<string, SlipWords>> = {
  en: {
    title: 'Packing slip',
    order: 'Order',
    placed: 'Ordered on',
    packed: 'Packed on',
    parcel: (number) => `Parcel ${number}`,
    parcelOf: (number, parcels) => `Parcel ${number} of ${parcels}`,
    quantity: 'Quantity',
    product: 'Product',
    sku: 'Product number',
    lot: 'Lot',
    expires: 'expires on',
    serials: 'Serial number',
    units: (units) => (units === 1 ? '1 unit in this parcel' : `${units} units in this parcel`),
    elsewhere: 'Not in this parcel',
    inParcel: (number) => `in parcel ${number}`,
    follows: 'follows later',
    back: 'Sending something back',
    backHow: (shop, number) => `Please contact ${shop} first, name order ${number}, and put this slip in with what you send back.`,
    page: (page, pages) => `Page ${page} of ${pages}`,
  },
  de: {
    title: 'Lieferschein',
    order: 'Bestellung',
    placed: 'Bestellt am',
    packed: 'Gepackt am',
    parcel: (number) => `Paket ${number}`,
    parcelOf: (number, parcels) => `Paket ${number} von ${parcels}`,
    quantity: 'Menge',
    product: 'Artikel',
    sku: 'Artikelnummer',
    lot: 'Charge',
    expires: 'haltbar bis',
    serials: 'Seriennummer',
    units: (units) => `${units} Stück in diesem Paket`,
    elsewhere: 'Nicht in diesem Paket',
    inParcel: (number) => `in Paket ${number}`,
    follows: 'wird nachgeliefert',
    back: 'Etwas zurückschicken',
    backHow: (shop, number) => `Bitte melden Sie sich zuerst bei ${shop}, nennen Sie die Bestellung ${number} und legen Sie diesen Lieferschein der Rücksendung bei.`,
    page: (page, pages) => `Seite ${page} von ${pages}`,
  },
  fr: {
    title: 'Bon de livraison',
    order: 'Commande',
    placed: 'Commandé le',
    packed: 'Emballé le',
    parcel: (number) => `Colis ${number}`,
    parcelOf: (number, parcels) => `Colis ${number} sur ${parcels}`,
    quantity: 'Quantité',
    product: 'Article',
    sku: 'Référence',
    lot: 'Lot',
    expires: 'expire le',
    serials: 'Numéro de série',
    units: (units) => (units === 1 ? '1 article dans ce colis' : `${units} articles dans ce colis`),
    elsewhere: 'Pas dans ce colis',
    inParcel: (number) => `dans le colis ${number}`,
    follows: 'sera livré plus tard',
    back: 'Retourner un article',
    backHow: (shop, number) => `Veuillez d’abord contacter ${shop} en indiquant la commande ${number}, puis joindre ce bon de livraison à votre retour.`,
    page: (page, pages) => `Page ${page} sur ${pages}`,
  },
  es: {
    title: 'Albarán',
    order: 'Pedido',
    placed: 'Fecha del pedido',
    packed: 'Fecha de embalaje',
    parcel: (number) => `Paquete ${number}`,
    parcelOf: (number, parcels) => `Paquete ${number} de ${parcels}`,
    quantity: 'Cantidad',
    product: 'Artículo',
    sku: 'Referencia',
    lot: 'Lote',
    expires: 'caduca el',
    serials: 'Número de serie',
    units: (units) => (units === 1 ? '1 unidad en este paquete' : `${units} unidades en este paquete`),
    elsewhere: 'No incluido en este paquete',
    inParcel: (number) => `en el paquete ${number}`,
    follows: 'se enviará más adelante',
    back: 'Devolver un artículo',
    backHow: (shop, number) => `Póngase primero en contacto con ${shop}, indique el pedido ${number} e incluya este albarán en la devolución.`,
    page: (page, pages) => `Página ${page} de ${pages}`,
  },
  nl: {
    title: 'Pakbon',
    order: 'Bestelling',
    placed: 'Besteld op',
    packed: 'Ingepakt op',
    parcel: (number) => `Pakket ${number}`,
    parcelOf: (number, parcels) => `Pakket ${number} van ${parcels}`,
    quantity: 'Aantal',
    product: 'Artikel',
    sku: 'Artikelnummer',
    lot: 'Partij',
    expires: 'houdbaar tot',
    serials: 'Serienummer',
    units: (units) => (units === 1 ? '1 stuk in dit pakket' : `${units} stuks in dit pakket`),
    elsewhere: 'Niet in dit pakket',
    inParcel: (number) => `in pakket ${number}`,
    follows: 'wordt nageleverd',
    back: 'Iets terugsturen',
    backHow: (shop, number) => `Neem eerst contact op met ${shop}, vermeld bestelling ${number} en voeg deze pakbon bij uw retourzending.`,
    page: (page, pages) => `Pagina ${page} van ${pages}`,
  },
};

/** The languages that slips are written in. */
export const SLIP_LANGUAGES: readonly string[] = Object.keys(WORDS);

/** The language of a customer's slip, with their region where it is one of ours, as it says how dates are written; English for any other. */
export function slipLanguageOf(locale: string): string {
  const [language = '', ...rest] = locale.replaceAll('_', '-').split('-');
  const code = language.toLowerCase();
  if (!SLIP_LANGUAGES.includes(code)) return FALLBACK;
  const region = rest.find((part) => /^[a-z]{2}$/i.test(part));
  return region === undefined ? code : `${code}-${region.toUpperCase()}`;
}

/** @param language as `slipLanguageOf` gives it */
export function wordsFor(language: string): SlipWords {
  const words = WORDS[language.slice(0, 2)];
  if (words === undefined) throw new Error(`No packing slip is written in ${language}.`);
  return words;
}
