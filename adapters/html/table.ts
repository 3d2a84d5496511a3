import { html, type Markup } from './markup.ts';

type Cell = Markup | string;

/** A table of a report: the first cell of a row is its heading. */
export interface Table {
  readonly caption: string;
  /** A name that ends in `#` is of a column of figures. */
  readonly columns: readonly string[];
  readonly rows: readonly { readonly cells: readonly Cell[]; readonly low?: boolean }[];
  readonly total?: readonly Cell[];
  /** Said instead of the table when it has no rows. */
  readonly empty: string;
}

/** Writes a table, or says in words that there is nothing to show. */
export function table({ caption, columns, rows, total, empty }: Table): Markup {
  if (rows.length === 0) return html`<div class="scroll"><table><caption>${caption}</caption><tbody><tr><td>${empty}</td></tr></tbody></table></div>`;
  const numeric = columns.map((name) => name.endsWith('#'));
  const cellsOf = (cells: readonly Cell[]) =>
    cells.map((cell, index) => (index === 0 ? html`<th scope="row">${cell}</th>` : numeric[index] ? html`<td class="n">${cell}</td>` : html`<td>${cell}</td>`));
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption>
<thead><tr>${columns.map((name, index) => (numeric[index] ? html`<th scope="col" class="n">${name.slice(0, -1)}</th>` : html`<th scope="col">${name}</th>`))}</tr></thead>
<tbody>
${rows.map(
  ({ cells, low }) => html`<tr${low === true && html` class="low"`}>${cellsOf(cells)}</tr>
`,
)}</tbody>${
    total !== undefined &&
    html`
<tfoot><tr>${cellsOf(total)}</tr></tfoot>`
  }
</table></div>
`;
}
