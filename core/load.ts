/** Orders that a warehouse is to ship on one of its days. */
export interface Slot {
  readonly warehouse: string;
  /** Local day: `2026-11-22`. */
  readonly day: string;
}

/** Orders promised per warehouse and day, as read a moment ago; allocation adds to it and takes off. */
export class LoadView {
  readonly #orders = new Map<string, number>();

  constructor(loads: Iterable<Slot & { readonly orders: number }> = []) {
    for (const load of loads) this.add(load, load.orders);
  }

  orders(warehouse: string, day: string): number {
    return this.#orders.get(`${warehouse} ${day}`) ?? 0;
  }

  add({ warehouse, day }: Slot, orders: number): void {
    this.#orders.set(`${warehouse} ${day}`, this.orders(warehouse, day) + orders);
  }
}
