import { html, type Markup } from './markup.ts';

/** One column of a chart: its tick is printed under it where given. */
export interface Column {
  readonly label: string;
  readonly tick?: string;
  readonly value: number;
}

const HEIGHT = 200;
const TOP = 20;
const BASE = 172;
/** Per cent of the width that the scale's figures take. */
const SCALE = 5;

/** A chart of columns over time. Stretches with the page: its widths are percentages, so its text keeps its size on a phone. */
export function columnChart(columns: readonly Column[], about: { readonly id: string; readonly title: string; readonly description: string }): Markup {
  const highest = Math.max(...columns.map((column) => column.value));
  const step = niceStep(highest / 3);
  const top = Math.max(step, Math.ceil(highest / step) * step);
  const y = (value: number) => BASE - ((BASE - TOP) * value) / top;
  const slot = (100 - SCALE) / columns.length;
  const centre = (index: number) => SCALE + (index + 0.5) * slot;
  const levels = Array.from({ length: Math.round(top / step) }, (_, index) => (index + 1) * step);
  const peak = columns.findIndex((column) => column.value === highest);
  return html`<svg class="columns" height="${HEIGHT}" role="img" aria-labelledby="${about.id}-title ${about.id}-description">
<title id="${about.id}-title">${about.title}</title><desc id="${about.id}-description">${about.description}</desc>
${levels.map((level) => html`<line x1="${SCALE}%" x2="100%" y1="${y(level)}" y2="${y(level)}"/><text x="${SCALE - 1.2}%" y="${y(level) + 4}" text-anchor="end">${level}</text>`)}
${columns.map(
  ({ label, value }, index) =>
    html`<rect x="${round(centre(index) - slot * 0.37)}%" width="${round(slot * 0.74)}%" y="${round(y(value))}" height="${round(BASE - y(value))}" rx="2"><title>${label}: ${value}</title></rect>`,
)}
<line class="base" x1="${SCALE}%" x2="100%" y1="${BASE}" y2="${BASE}"/>
${columns.map(({ tick }, index) => tick !== undefined && html`<text x="${round(centre(index))}%" y="${BASE + 18}" text-anchor="middle">${tick}</text>`)}
<text class="peak" x="${round(centre(peak))}%" y="${round(y(highest)) - 6}" text-anchor="middle">${highest}</text>
</svg>`;
}

/** One row of a bar chart; the inner bar is drawn upon the outer one, where there is one, on the same scale. */
export interface Bar {
  readonly label: string;
  readonly value: Markup;
  readonly outer?: number;
  readonly inner: number;
}

/** A chart of bars. Its labels and figures are a list of plain text, which every reader can read; the drawing is an ornament to it. */
export function barChart(bars: readonly Bar[]): Markup {
  const longest = Math.max(1, ...bars.flatMap(({ outer, inner }) => [outer ?? 0, inner]));
  const width = (value: number) => round((100 * value) / longest);
  return html`<ol class="bars">
${bars.map(
  ({
    label,
    value,
    outer,
    inner,
  }) => html`<li><span>${label}</span><span class="value">${value}</span><svg viewBox="0 0 100 9" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="9"/>${outer !== undefined && html`<rect class="outer" width="${width(outer)}" height="9"/>`}<rect class="inner" y="${outer === undefined ? 0 : 2}" width="${width(inner)}" height="${outer === undefined ? 9 : 5}"/></svg></li>
`,
)}</ol>`;
}

/** The smallest of 1, 2, 5, 10, 20, ... that is at least so much. */
function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, atLeast)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= atLeast) ?? 10 * power;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
