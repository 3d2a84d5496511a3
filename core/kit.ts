import type { Client, Kit } from './client.ts';
import { addUnits, type Demand, lessUnits, unitsOf } from './inventory.ts';

/** What one unit of a kit is made of, in products: kits within it are taken apart, and each SKU is named once. */
export interface Recipe {
  /** The kit's own SKU. */
  readonly sku: string;
  readonly parts: readonly Demand[];
}

/** Units of a kit that an order sold, with the recipe of the day it came in. */
export interface SoldKit extends Recipe {
  readonly quantity: number;
}

/**
 * Takes kits apart, and adds up what is needed of each product, whichever lines and kits ask for it.
 * @param frozen recipes that the order has already: they win over the client file, so that editing a kit changes no open order
 */
export function explode(sold: readonly Demand[], client: Client, frozen: readonly Recipe[]): { demand: Demand[]; kits: SoldKit[] } {
  const recipes = client.kits.length === 0 ? NONE : recipesOf(client.kits);
  const kits: SoldKit[] = [];
  const demand = addUnits(sold).flatMap((line) => {
    const parts = frozen.find(({ sku }) => sku === line.sku)?.parts ?? recipes.get(line.sku);
    if (parts === undefined) return [line];
    kits.push({ ...line, parts });
    return times(parts, line.quantity);
  });
  return { demand: addUnits(demand), kits };
}

/**
 * What of an order's goods is complete with the parts that are there: storefronts know kits, not their parts. More parts never make less
 * complete, whatever they come after, so that what was said to be complete stays so: a part that is sold singly and in kits counts for the
 * single ones first, and for a later kit only beyond all that the earlier kits need. All parts together make all that was sold.
 * @param there units by product, such as those in parcels that left
 */
export function completeIn(demand: readonly Demand[], kits: readonly SoldKit[], there: readonly Demand[]): Demand[] {
  const inKits = addUnits(kits.flatMap(({ parts, quantity }) => times(parts, quantity)));
  const singles = lessUnits(demand, inKits).map((line) => ({ ...line, parts: [{ sku: line.sku, quantity: 1 }] }));
  let free = addUnits(there);
  return addUnits(
    [...singles, ...kits].flatMap(({ sku, quantity, parts }) => {
      const units = Math.min(quantity, ...parts.map((part) => Math.floor(unitsOf(free, part.sku) / part.quantity)));
      free = lessUnits(free, times(parts, quantity));
      return units === 0 ? [] : [{ sku, quantity: units }];
    }),
  );
}

type Recipes = ReadonlyMap<string, readonly Demand[]>;

const NONE: Recipes = new Map();
const known = new WeakMap<readonly Kit[], Recipes>();

/** A client's recipes; made once, as every order asks. */
function recipesOf(kits: readonly Kit[]): Recipes {
  const recipes = known.get(kits) ?? takenApart(kits);
  known.set(kits, recipes);
  return recipes;
}

function takenApart(kits: readonly Kit[]): Recipes {
  const named = new Map(kits.map((kit) => [kit.sku, kit]));
  const recipes = new Map<string, readonly Demand[]>();
  for (const { sku } of kits) partsOf(sku);
  return recipes;

  // The client file has no kit that contains itself, so this ends; each kit is taken apart once.
  function partsOf(sku: string): readonly Demand[] | undefined {
    const kit = named.get(sku);
    if (kit === undefined || recipes.has(sku)) return recipes.get(sku);
    const parts = addUnits(kit.parts.flatMap((part) => times(partsOf(part.sku) ?? [{ sku: part.sku, quantity: 1 }], part.quantity)));
    recipes.set(sku, parts);
    return parts;
  }
}

function times(units: readonly Demand[], factor: number): Demand[] {
  return units.map(({ sku, quantity }) => ({ sku, quantity: quantity * factor }));
}
