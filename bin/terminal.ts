/** What a command has to say: for a program and for a person. */
export interface Output {
  readonly json: unknown;
  readonly text: string;
}

/** Lays rows out in columns; the last column is left as long as it is. */
export function columns(rows: readonly (readonly string[])[]): string {
  const lines = rows.map((row) => row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widthOf(rows, index)))));
  return lines.map((cells) => `  ${cells.join('  ')}`.trimEnd()).join('\n');
}

function widthOf(rows: readonly (readonly string[])[], column: number): number {
  return Math.max(0, ...rows.map((row) => (column < row.length - 1 ? (row[column]?.length ?? 0) : 0)));
}

/** A UTC instant as a person reads it: `2026-11-22 13:04:05 UTC`. */
export function time(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
}
