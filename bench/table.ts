import { type Breakdown, type Findings, type Row, verdictOf } from './section.ts';

/** A section's findings for people: values beside their aims, details, and what to know about them. */
export function findingsText(title: string, { rows, breakdowns = [], notes = [], faults = [] }: Findings): string {
  const values = { title, columns: ['', 'measured', 'aim', 'verdict'], rows: rows.map((row) => [row.name, `${figure(row.value)} ${row.unit}`, aimText(row), verdictOf(row)]) };
  return [values, ...breakdowns].map(tableText).join('\n\n') + [...notes.map((note) => `\n  - ${note}`), ...faults.map((fault) => `\n  FAULT: ${fault}`)].join('');
}

/** A table with its columns aligned: text to the left, figures to the right. */
export function tableText({ title, columns, rows }: Breakdown): string {
  const lines = [columns, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? figure(cell) : cell)))];
  const isFigure = columns.map((_, index) => rows.some((row) => isFigureCell(row[index])) && rows.every((row) => row[index] === '' || isFigureCell(row[index])));
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  const aligned = lines.map((line) => line.map((cell, index) => (isFigure[index] ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0))).join('  '));
  return [title, ...aligned.map((line) => `  ${line.trimEnd()}`)].join('\n');
}

function isFigureCell(cell: string | number | undefined): boolean {
  return typeof cell === 'number' || /^[\d.,]+ \S+$/.test(cell ?? '');
}

function aimText({ atMost, atLeast, unit }: Row): string {
  if (atMost !== undefined) return `<= ${figure(atMost)} ${unit}`;
  return atLeast === undefined ? '' : `>= ${figure(atLeast)} ${unit}`;
}

/** A number with three digits that tell something; whole ones, and all above a hundred, without a fraction. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
