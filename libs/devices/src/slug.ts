/**
 * A short name for commands and file names: lower-case ASCII letters, digits and hyphens, at most 40. A name without
 * any falls back on the serial number; a taken one gets a number behind it.
 */
export function slugFor(name: string, serialNumber: string, taken: ReadonlySet<string>): string {
  const base = plain(name) || plain(`device-${serialNumber}`) || 'device';
  for (let n = 1; ; n += 1) {
    const slug = n === 1 ? base : `${base}-${n}`;
    // A number alone would be taken for an id.
    if (!taken.has(slug) && !/^\d+$/.test(slug)) return slug;
  }
}

function plain(text: string): string {
  const ascii = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return ascii
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
}
