/** Licences of what is shipped: permissive ones, that ask for no more than that their text is kept. */
const ALLOWED = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Unlicense',
  'Python-2.0',
  'Zlib',
  'PostgreSQL',
]);
/** Packages that say it in their text and not in package.json; looked up by hand. */
const LOOKED_UP = new Map([
  ['busboy', 'MIT'],
  ['streamsearch', 'MIT'],
]);

/** Everything that an installation without development packages has: name, version, licence. */
export function shippedPackages(lock) {
  return Object.entries(lock.packages)
    .filter(([path, { dev, link }]) => path !== '' && !dev && !link)
    .map(([path, { version, license }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
      return { name, version, licence: license ?? LOOKED_UP.get(name) ?? 'unknown' };
    })
    .filter((each, i, all) => all.findIndex((other) => isSame(other, each)) === i)
    .toSorted((a, b) => (a.name === b.name ? compare(a.version, b.version) : compare(a.name, b.name)));
}

/** Those that may not be shipped: an expression of several is good when each of its parts is. */
export function refusedLicences(lock) {
  return shippedPackages(lock).filter(({ licence }) =>
    licence
      .replaceAll(/[()]/g, '')
      .split(/ (?:AND|OR) /)
      .some((part) => !ALLOWED.has(part)),
  );
}

export function licencesPage(lock) {
  const packages = shippedPackages(lock);
  const counts = new Map();
  for (const { licence } of packages) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const summary = [...counts].toSorted((a, b) => b[1] - a[1] || compare(a[0], b[0]));
  return [
    '# Licences',
    '',
    'What comes with Holdfast (MIT), by `npm run licences` out of package-lock.json. The text of each lies in its folder of `node_modules`.',
    '',
    '| Licence | Packages |',
    '| --- | --- |',
    ...summary.map(([licence, count]) => `| ${licence} | ${count} |`),
    '',
    '| Package | Version | Licence |',
    '| --- | --- | --- |',
    ...packages.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`),
    '',
  ].join('\n');
}

function isSame(a, b) {
  return a.name === b.name && a.version === b.version;
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
