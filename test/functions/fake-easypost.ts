import type { Http, HttpRequest, HttpResponse } from '../../adapters/http.ts';
import { Unavailable } from '../../core/error.ts';

/** Something that goes wrong with the next purchase. */
export type Fault =
  /** The label is charged; the answer never comes. */
  | 'silent'
  /** The label is charged; the answer is an error of the carrier. */
  | 'bad-gateway'
  /** Nothing is charged, and the answer proves it. */
  | 'declined'
  /** Nothing is charged, and the answer does not tell. */
  | 'down'
  /** The label is charged and prints another address. */
  | 'wrong-address'
  /** The label is charged; its document is a web page. */
  | 'no-document';

/** What comes of the next request to take a label back, if it is not simply taken. */
export type RefundFault =
  /** The request is taken; the answer never comes. */
  | 'silent'
  /** The request is taken; the answer is an error of the carrier. */
  | 'bad-gateway'
  /** Nothing is taken, and the answer does not tell. */
  | 'down'
  /** The label was used, says the carrier. */
  | 'rejected'
  /** There is no refund for this label. */
  | 'not_applicable';

interface ShipmentAtCarrier {
  readonly id: string;
  readonly reference: string;
  readonly to: Readonly<Record<string, string | null>>;
  trackingCode: string;
  wrong: boolean;
  documented: boolean;
  refund: 'submitted' | 'rejected' | 'not_applicable' | null;
}

/** Money the carrier took: one line per purchase. */
export interface Charge {
  readonly shipmentId: string;
  readonly reference: string;
  /** The recipient's name, by which the parcel is known here. */
  readonly recipient: string;
}

/** EasyPost as it behaves behind `Http`: two steps, one sale per shipment. https://docs.easypost.com/docs/shipments */
export class FakeEasypost {
  readonly charges: Charge[] = [];
  readonly asked: HttpRequest[] = [];
  /** Faults of the next purchases, first one first. */
  readonly faults: Fault[] = [];
  /** Shipments whose postage the carrier was asked for back and took the request: one line per accepted request. */
  readonly voids: string[] = [];
  /** Faults of the next requests to take a label back, first one first. */
  readonly refundFaults: RefundFault[] = [];
  /** Whether rates are offered at all. */
  offers = true;
  readonly #shipments = new Map<string, ShipmentAtCarrier>();

  readonly http: Http = async (request) => {
    this.asked.push(request);
    const { pathname } = new URL(request.url);
    const [, first, second = '', id = '', action = ''] = pathname.split('/');
    if (first === 'labels') return this.#document(second);
    if (request.method === 'POST' && id === '') return this.#rate(JSON.parse(String(request.body)).shipment);
    const shipment = this.#shipments.get(id);
    if (shipment === undefined) return problem(404, 'SHIPMENT.NOT_FOUND');
    if (action === 'refund') return this.#refund(shipment, request);
    return action === 'buy' ? this.#buy(shipment, request) : answer(200, this.#json(shipment));
  };

  #rate({ reference, to_address }: { reference: string; to_address: Record<string, string | null> }): HttpResponse {
    const id = `shp_${this.#shipments.size + 1}`;
    const shipment = { id, reference, to: to_address, trackingCode: '', wrong: false, documented: true, refund: null };
    this.#shipments.set(id, shipment);
    return answer(201, this.#json(shipment));
  }

  #buy(shipment: ShipmentAtCarrier, { url }: HttpRequest): HttpResponse {
    if (shipment.trackingCode !== '') return problem(422, 'SHIPMENT.POSTAGE.EXISTS');
    const fault = this.faults.shift();
    if (fault === 'declined') return problem(402, 'PAYMENT_REQUIRED');
    if (fault === 'down') return problem(503, 'SERVICE_UNAVAILABLE');
    shipment.trackingCode = `TRACK${shipment.id.slice(4)}`;
    shipment.wrong = fault === 'wrong-address';
    shipment.documented = fault !== 'no-document';
    this.charges.push({ shipmentId: shipment.id, reference: shipment.reference, recipient: shipment.to.name ?? '' });
    if (fault === 'silent') throw new Unavailable('http.timeout', `${new URL(url).host} did not answer within 15000 ms; whether the request had an effect is unknown.`);
    return fault === 'bad-gateway' ? problem(502, 'BAD_GATEWAY') : answer(200, this.#json(shipment));
  }

  #refund(shipment: ShipmentAtCarrier, { url }: HttpRequest): HttpResponse {
    if (shipment.trackingCode === '' || shipment.refund !== null) return problem(422, 'SHIPMENT.REFUND.UNAVAILABLE');
    const fault = this.refundFaults.shift();
    if (fault === 'down') return problem(503, 'SERVICE_UNAVAILABLE');
    shipment.refund = fault === 'rejected' || fault === 'not_applicable' ? fault : 'submitted';
    if (shipment.refund === 'submitted') this.voids.push(shipment.id);
    if (fault === 'silent') throw new Unavailable('http.timeout', `${new URL(url).host} did not answer within 15000 ms; whether the request had an effect is unknown.`);
    return fault === 'bad-gateway' ? problem(502, 'BAD_GATEWAY') : answer(200, this.#json(shipment));
  }

  #document(file: string): HttpResponse {
    const shipment = this.#shipments.get(file.replace('.pdf', ''));
    if (shipment === undefined || shipment.trackingCode === '') return problem(404, 'NOT_FOUND');
    return { status: 200, headers: {}, body: Buffer.from(shipment.documented ? `%PDF-1.4 ${shipment.trackingCode}` : '<html>expired</html>') };
  }

  #json({ id, reference, to, trackingCode, wrong, refund }: ShipmentAtCarrier): object {
    const rates = this.offers
      ? [
          { id: `rate_${id}_a`, carrier: 'DHLExpress', service: 'ExpressWorldwide', rate: '14.90', currency: 'EUR', delivery_days: 1 },
          { id: `rate_${id}_b`, carrier: 'UPS', service: 'UPSStandard', rate: '6.40', currency: 'EUR', delivery_days: 2 },
          { id: `rate_${id}_c`, carrier: 'USPS', service: 'Priority', rate: '1.00', currency: 'USD', delivery_days: 3 },
        ]
      : [];
    const shown = {
      id,
      object: 'Shipment',
      reference,
      to_address: wrong ? { ...to, street1: 'Falsche Gasse 9' } : to,
      rates,
      messages: [],
      tracking_code: null,
      postage_label: null,
      refund_status: refund,
    };
    if (trackingCode === '') return shown;
    return {
      ...shown,
      tracking_code: trackingCode,
      postage_label: { label_url: `https://labels.example.com/labels/${id}.pdf` },
      selected_rate: rates[1],
      tracker: { public_url: `https://track.example.com/${trackingCode}` },
    };
  }
}

function answer(status: number, body: object): HttpResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}

function problem(status: number, code: string): HttpResponse {
  return answer(status, { error: { code, message: 'as the carrier puts it', errors: [] } });
}
