/** The number of a row as it is typed; one that is no number names no row, and is told like an unknown one. */
export function rowId(text: string): string {
  return /^[1-9][0-9]{0,17}$/.test(text) ? text : '0';
}
