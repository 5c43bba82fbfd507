/** Rows as CSV (RFC 4180). Pure. */

/** A text that a spreadsheet would take for a formula is kept one by an apostrophe. */
const FORMULA = /^[=+\-@\t\r]/;

const cell = (value: string | number): string => {
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export const csvLines = (
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): readonly string[] => [columns, ...rows].map((row) => row.map(cell).join(','));
