import type { Client, Plant, Product, Warehouse } from './client.ts';
import type { HubEvent } from './event.ts';
import { printMoney } from './money.ts';
import type { OrderDocument } from './order-document.ts';
import type { DailyReport } from './report.ts';
import type { Label, Parcel } from './shipment.ts';
import type { SupplyRequest } from './supply.ts';

/** Something to tell a customer about an order. */
export interface CustomerNews {
  readonly kind: 'accepted' | 'delayed' | 'shipped' | 'delivered';
  /** Which of its texts says it. */
  readonly wording: Wording;
  readonly orderId: string;
  /** The parcel it is about, where it is about one. */
  readonly parcel?: number;
  /** Unique within the order: what was told under it is never told again. */
  readonly noticeId: string;
}

/** A notice in words. */
export interface Notice {
  readonly noticeId: string;
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
}

/** A notice that also has a form for a text message: at most 160 characters of the GSM 7-bit alphabet, so one message is paid for. */
export interface CustomerNotice extends Notice {
  readonly short: string;
}

type Wording = 'accepted' | 'delayedStock' | 'delayedCarrier' | 'shipped' | 'delivered';

/** What an event means to the customer, or undefined when it is none of their concern. */
export function noticeFor(event: HubEvent): CustomerNews | undefined {
  if (event.entity === 'order') return orderNews(event);
  return event.entity === 'parcel' ? parcelNews(event) : undefined;
}

function orderNews({ type, order: { orderId, status } }: Extract<HubEvent, { entity: 'order' }>): CustomerNews | undefined {
  if (status === 'cancelled' || status === 'closed') return undefined;
  if (type === 'order.accepted') return { kind: 'accepted', wording: 'accepted', orderId, noticeId: 'accepted' };
  if (type === 'order.backordered') return { kind: 'delayed', wording: 'delayedStock', orderId, noticeId: 'delayed-stock' };
  return undefined;
}

function parcelNews({ type, parcel: { orderId, parcel } }: Extract<HubEvent, { entity: 'parcel' }>): CustomerNews | undefined {
  if (type === 'parcel.dispatched') return { kind: 'shipped', wording: 'shipped', orderId, parcel, noticeId: `shipped-${parcel}` };
  if (type === 'parcel.delayed') return { kind: 'delayed', wording: 'delayedCarrier', orderId, parcel, noticeId: `delayed-carrier-${parcel}` };
  if (type === 'parcel.delivered') return { kind: 'delivered', wording: 'delivered', orderId, parcel, noticeId: `delivered-${parcel}` };
  return undefined;
}

interface Texts {
  readonly hello: string;
  readonly helloName: string;
  /** Said under every text. */
  readonly regards: string;
  readonly news: Readonly<Record<Wording, NewsTexts>>;
}

interface NewsTexts {
  readonly subject: string;
  readonly text: string;
  /** For a text message, best first; the first that fits is taken. */
  readonly short: readonly string[];
}

// Words in braces are filled in by `wordsOf`.
const TEXTS: Readonly<Record<string, Texts>> = {
  en: {
    hello: 'Hello,',
    helloName: 'Hello {name},',
    regards: 'Kind regards\n{client}',
    news: {
      accepted: {
        subject: 'We have your order {number}',
        text: 'Thank you for your order {number}. We have received it and will tell you as soon as it is on its way.',
        short: ['{client}: thank you, we have your order {number} and will tell you when it is on its way.'],
      },
      delayedStock: {
        subject: 'Your order {number} will take a little longer',
        text: 'Part of your order {number} is out of stock for the moment. More is on order, and we ship as soon as it arrives. There is nothing you need to do.',
        short: ['{client}: part of your order {number} is out of stock. We ship as soon as more arrives; you need do nothing.'],
      },
      delayedCarrier: {
        subject: 'A parcel of your order {number} is delayed',
        text: '{carrier} reports a delay for a parcel of your order {number}. It is on its way, but later than planned. See where it is: {link}',
        short: ['{client}: {carrier} reports a delay for order {number}. {link}', '{client}: {carrier} reports a delay for order {number}, tracking number {tracking}.'],
      },
      shipped: {
        subject: 'Your order {number} is on its way',
        text: 'A parcel of your order {number} is on its way with {carrier} ({service}). Tracking number: {tracking}. Follow it here: {link}',
        short: ['{client}: order {number} is on its way with {carrier}. {link}', '{client}: order {number} is on its way with {carrier}, tracking number {tracking}.'],
      },
      delivered: {
        subject: 'Your order {number} has been delivered',
        text: '{carrier} reports that a parcel of your order {number} has been delivered. If you cannot find it, please contact us.',
        short: ['{client}: {carrier} reports that a parcel of order {number} has been delivered.'],
      },
    },
  },
  de: {
    hello: 'Guten Tag,',
    helloName: 'Guten Tag {name},',
    regards: 'Freundliche Grüße\n{client}',
    news: {
      accepted: {
        subject: 'Wir haben Ihre Bestellung {number}',
        text: 'Vielen Dank für Ihre Bestellung {number}. Wir haben sie erhalten und melden uns, sobald sie unterwegs ist.',
        short: ['{client}: Danke, wir haben Ihre Bestellung {number} und melden uns, sobald sie unterwegs ist.'],
      },
      delayedStock: {
        subject: 'Ihre Bestellung {number} dauert etwas länger',
        text: 'Ein Teil Ihrer Bestellung {number} ist zurzeit nicht vorrätig. Nachschub ist bestellt, und wir versenden, sobald er da ist. Sie müssen nichts tun.',
        short: ['{client}: Ein Teil Ihrer Bestellung {number} ist zurzeit nicht vorrätig. Wir versenden, sobald Nachschub da ist.'],
      },
      delayedCarrier: {
        subject: 'Ein Paket Ihrer Bestellung {number} verspätet sich',
        text: '{carrier} meldet eine Verspätung für ein Paket Ihrer Bestellung {number}. Es ist unterwegs, kommt aber später als geplant. Sendungsverfolgung: {link}',
        short: [
          '{client}: {carrier} meldet eine Verspätung für Bestellung {number}. {link}',
          '{client}: {carrier} meldet eine Verspätung für Bestellung {number}, Sendung {tracking}.',
        ],
      },
      shipped: {
        subject: 'Ihre Bestellung {number} ist unterwegs',
        text: 'Ein Paket Ihrer Bestellung {number} ist mit {carrier} ({service}) unterwegs. Sendungsnummer: {tracking}. Sendungsverfolgung: {link}',
        short: ['{client}: Bestellung {number} ist mit {carrier} unterwegs. {link}', '{client}: Bestellung {number} ist mit {carrier} unterwegs, Sendung {tracking}.'],
      },
      delivered: {
        subject: 'Ihre Bestellung {number} wurde zugestellt',
        text: '{carrier} meldet, dass ein Paket Ihrer Bestellung {number} zugestellt wurde. Falls Sie es nicht finden, melden Sie sich bitte bei uns.',
        short: ['{client}: {carrier} meldet, dass ein Paket der Bestellung {number} zugestellt wurde.'],
      },
    },
  },
  fr: {
    hello: 'Bonjour,',
    helloName: 'Bonjour {name},',
    regards: 'Cordialement\n{client}',
    news: {
      accepted: {
        subject: 'Nous avons bien reçu votre commande {number}',
        text: 'Merci pour votre commande {number}. Nous l’avons bien reçue et vous préviendrons dès son départ.',
        short: ['{client} : merci, nous avons votre commande {number} et vous préviendrons dès son départ.'],
      },
      delayedStock: {
        subject: 'Votre commande {number} prendra un peu plus de temps',
        text: 'Une partie de votre commande {number} est momentanément en rupture de stock. Nous sommes en cours de réapprovisionnement et expédierons dès son arrivée. Vous n’avez rien à faire.',
        short: ['{client} : une partie de votre commande {number} est en rupture de stock. Nous expédions dès son arrivée.'],
      },
      delayedCarrier: {
        subject: 'Un colis de votre commande {number} a du retard',
        text: '{carrier} signale un retard pour un colis de votre commande {number}. Il est en route, mais arrivera plus tard que prévu. Suivi : {link}',
        short: ['{client} : {carrier} signale un retard pour la commande {number}. {link}', '{client} : {carrier} signale un retard pour la commande {number}, suivi {tracking}.'],
      },
      shipped: {
        subject: 'Votre commande {number} est en route',
        text: 'Un colis de votre commande {number} est en route avec {carrier} ({service}). Numéro de suivi : {tracking}. Suivi : {link}',
        short: ['{client} : la commande {number} est en route avec {carrier}. {link}', '{client} : la commande {number} est en route avec {carrier}, suivi {tracking}.'],
      },
      delivered: {
        subject: 'Votre commande {number} a été livrée',
        text: '{carrier} indique qu’un colis de votre commande {number} a été livré. Si vous ne le trouvez pas, contactez-nous.',
        short: ['{client} : {carrier} indique qu’un colis de la commande {number} a été livré.'],
      },
    },
  },
  es: {
    hello: 'Hola:',
    helloName: 'Hola, {name}:',
    regards: 'Un saludo\n{client}',
    news: {
      accepted: {
        subject: 'Hemos recibido su pedido {number}',
        text: 'Gracias por su pedido {number}. Lo hemos recibido y le avisaremos en cuanto esté en camino.',
        short: ['{client}: gracias, tenemos su pedido {number} y le avisaremos cuando esté en camino.'],
      },
      delayedStock: {
        subject: 'Su pedido {number} tardará un poco más',
        text: 'Una parte de su pedido {number} está agotada por el momento. Ya hemos pedido más y lo enviaremos en cuanto llegue. No tiene que hacer nada.',
        short: ['{client}: una parte de su pedido {number} está agotada. Lo enviamos en cuanto llegue; no tiene que hacer nada.'],
      },
      delayedCarrier: {
        subject: 'Un paquete de su pedido {number} lleva retraso',
        text: '{carrier} informa de un retraso en un paquete de su pedido {number}. Está en camino, pero llegará más tarde de lo previsto. Seguimiento: {link}',
        short: ['{client}: {carrier} informa de un retraso en el pedido {number}. {link}', '{client}: {carrier} informa de un retraso en el pedido {number}, envío {tracking}.'],
      },
      shipped: {
        subject: 'Su pedido {number} está en camino',
        text: 'Un paquete de su pedido {number} está en camino con {carrier} ({service}). Número de seguimiento: {tracking}. Seguimiento: {link}',
        short: ['{client}: el pedido {number} está en camino con {carrier}. {link}', '{client}: el pedido {number} está en camino con {carrier}, envío {tracking}.'],
      },
      delivered: {
        subject: 'Su pedido {number} ha sido entregado',
        text: '{carrier} informa de que se ha entregado un paquete de su pedido {number}. Si no lo encuentra, póngase en contacto con nosotros.',
        short: ['{client}: {carrier} informa de que se ha entregado un paquete del pedido {number}.'],
      },
    },
  },
};

/**
 * Puts news into the customer's language: English where theirs is not among ours. Holds no address and at most a first name.
 * @param label of the parcel that the news is about
 */
export function customerNotice(news: CustomerNews, document: OrderDocument, parcel: Pick<Parcel, 'label'> | undefined, client: Pick<Client, 'name'>): CustomerNotice {
  const language = document.locale.split(/[-_]/)[0]?.toLowerCase() ?? '';
  const texts = (Object.hasOwn(TEXTS, language) ? TEXTS[language] : undefined) ?? TEXTS.en;
  if (texts === undefined) throw new Error('English is the language of last resort and must be there.');
  const { subject, text, short } = texts.news[news.wording];
  const words = wordsOf(document, parcel?.label, client);
  const shortWords = { ...words, client: words.client.slice(0, 30).trimEnd(), number: words.number.slice(0, 24) };
  const hello = words.name === '' ? texts.hello : texts.helloName;
  return {
    noticeId: news.noticeId,
    kind: news.kind,
    subject: fill(subject, words),
    text: [hello, text, texts.regards].map((part) => fill(part, words)).join('\n\n'),
    short: shortest(short.map((template) => toGsm(fill(template, shortWords)))),
  };
}

type Words = Readonly<Record<'name' | 'client' | 'number' | 'carrier' | 'service' | 'tracking' | 'link', string>>;

function wordsOf(document: OrderDocument, label: Label | undefined, client: Pick<Client, 'name'>): Words {
  return {
    name: firstNameOf(document.shipTo?.name ?? ''),
    client: client.name,
    number: oneLine(document.number),
    carrier: label?.carrier ?? '',
    service: label?.service ?? '',
    tracking: label?.trackingNumber ?? '',
    link: label?.trackingUrl ?? '',
  };
}

/** Fills a template in one pass, so that what is filled in is never read as a template. */
function fill(template: string, words: Words): string {
  const values: Readonly<Record<string, string>> = words;
  return template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

const TITLE = /^(mr|mrs|ms|miss|dr|prof|herr|frau|m|mme|mlle|sr|sra|srta|don|doña)\.?$/iu;

/** The first name, where a name surely shows one: several words, and nothing in it that is no name, such as a web address. */
function firstNameOf(name: string): string {
  if (/[\d/:@]|\.\p{L}{2}/u.test(name)) return '';
  const parts = name
    .trim()
    .split(/\s+/)
    .filter((part) => !TITLE.test(part));
  const first = parts[0] ?? '';
  return parts.length > 1 && /^[\p{Script=Latin}\p{M}'’-]{2,30}$/u.test(first) ? first : '';
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** Septets one text message holds. https://www.3gpp.org/dynareport/23038.htm */
const MESSAGE_SEPTETS = 160;
const GSM = new Set('@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà');
const GSM_DOUBLE = new Set('^{}\\[~]|€');

/** Writes a text in the GSM 7-bit alphabet as far as it goes: one letter outside it would more than halve what a message holds. */
function toGsm(text: string): string {
  return [...text.replace(/[’‘]/g, "'").replace(/[–—]/g, '-')]
    .map((char) => (GSM.has(char) || GSM_DOUBLE.has(char) ? char : char.normalize('NFKD').replace(/\p{M}/gu, '')))
    .join('');
}

/** The first that fits one message; otherwise the last one, cut. */
function shortest(candidates: readonly string[]): string {
  const septets = (text: string) => [...text].reduce((sum, char) => sum + (GSM_DOUBLE.has(char) ? 2 : 1), 0);
  const fitting = candidates.find((text) => septets(text) <= MESSAGE_SEPTETS);
  if (fitting !== undefined) return fitting;
  let cut = [...(candidates.at(-1) ?? '')];
  while (septets(cut.join('')) > MESSAGE_SEPTETS) cut = cut.slice(0, -1);
  return cut.join('');
}

/** Asks a plant to supply, and shows the sum that led to it. */
export function plantNotice(request: SupplyRequest, product: Pick<Product, 'name'>, plant: Pick<Plant, 'name'>, warehouse: Pick<Warehouse, 'name'>): Notice {
  const { onHand, reserved, available, incoming, dailyUse, point, upTo, multiple } = request.basis;
  const missing = upTo - available - incoming;
  const packs = multiple === 1 ? '' : `, in multiples of ${multiple}`;
  const rounded = request.quantity === missing ? packs : `, which is ${missing}, rounded up to a multiple of ${multiple}`;
  const cover = dailyUse > 0 ? `cover ${(available / dailyUse).toFixed(1)} days` : 'no use measured yet';
  return {
    noticeId: request.requestId,
    kind: 'supply-requested',
    subject: `Please supply ${request.quantity} x ${request.sku} to ${warehouse.name} by ${request.needBy}`,
    text: [
      `${plant.name},`,
      `please supply ${request.quantity} units of ${product.name} (SKU ${request.sku}) to ${warehouse.name} by ${request.needBy}.`,
      [
        `On hand ${onHand} - reserved ${reserved} = ${available} available, at or below the reorder point ${point}; incoming ${incoming}; daily use ${dailyUse}, ${cover}.`,
        `Quantity: ${request.quantity} = order-up-to ${upTo} - available ${available} - incoming ${incoming}${rounded}.`,
      ].join('\n'),
      `Supply request ${request.requestId}, made at ${request.requestedAt}. Please name it on the delivery note.`,
    ].join('\n\n'),
  };
}

/** Where the files of a report are. */
export interface ReportLinks {
  readonly html: string;
  readonly csv: string;
  readonly json: string;
}

/** Tells the supply managers that a report is there: the figures that matter in a line each, and the links. */
export function reportNotice(report: DailyReport, links: ReportLinks): Notice {
  const { orders, parcels, units, orderValue, labelCost } = report.headline;
  const money = (list: DailyReport['headline']['orderValue']) => list.map(({ currency, amount }) => `${printMoney(amount, currency)} ${currency}`).join(', ') || 'none';
  return {
    noticeId: `daily-${report.period.day}`,
    kind: 'report',
    subject: `${report.client.name}: ${orders.received} orders on ${report.period.day}, ${parcels.dispatched} parcels dispatched`,
    text: [
      `Daily report of ${report.client.name} for ${report.period.day} (${report.period.timeZone})`,
      [
        `Orders: ${orders.received} received, ${orders.accepted} accepted, ${orders.held} held, ${orders.backordered} backordered, ${orders.cancelled} cancelled; ${orders.open} waiting when the day ended`,
        `Parcels: ${parcels.labelled} labelled, ${parcels.dispatched} dispatched, ${parcels.delivered} delivered, ${parcels.delayed} delayed`,
        `Units ordered: ${units.ordered}`,
        `Order value: ${money(orderValue)}`,
        `Label cost: ${money(labelCost)}`,
        `Stock at or below its reorder point: ${report.stock.filter((position) => position.low).length}`,
      ].join('\n'),
      [`Report: ${links.html}`, `Table (CSV): ${links.csv}`, `Data (JSON): ${links.json}`].join('\n'),
    ].join('\n\n'),
  };
}
