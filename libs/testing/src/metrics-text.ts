/** A family of Prometheus's text format, its samples by their text before the value. */
export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: ReadonlyMap<string, number>;
}

const HELP = /^# HELP ([a-z][a-z0-9_]*) (\S.*)$/;
const TYPE = /^# TYPE ([a-z][a-z0-9_]*) (counter|gauge|histogram)$/;
const LABEL = /[a-z_]+="(?:[^"\\\n]|\\["\\n])*"/.source;
const SAMPLE = new RegExp(
  `^(([a-z][a-z0-9_]*)(?:\\{${LABEL}(?:,${LABEL})*\\})?) (-?[0-9.]+(?:e[+-]?[0-9]+)?|NaN|[+-]Inf)$`,
);
const OF_HISTOGRAM = /_(bucket|count|sum)$/;

interface Reading {
  readonly families: Map<
    string,
    { readonly type: string; readonly help: string; readonly samples: Map<string, number> }
  >;
  help: { readonly name: string; readonly text: string } | undefined;
  name: string;
}

const wrong = (line: string): Error => new Error(`not of the format: ${line}`);

function readHelp(reading: Reading, line: string): void {
  const [, name, text] = HELP.exec(line) ?? [];
  if (name === undefined || text === undefined || reading.families.has(name)) throw wrong(line);
  reading.help = { name, text };
}

function readType(reading: Reading, line: string): void {
  const [, name, type] = TYPE.exec(line) ?? [];
  const { help } = reading;
  if (name === undefined || type === undefined || name !== help?.name) throw wrong(line);
  reading.families.set(name, { type, help: help.text, samples: new Map() });
  reading.name = name;
}

function readSample({ families, name }: Reading, line: string): void {
  const [, key, sampled = '', value = ''] = SAMPLE.exec(line) ?? [];
  const family = families.get(name);
  if (!family || key === undefined || family.samples.has(key)) throw wrong(line);
  if ((family.type === 'histogram' ? sampled.replace(OF_HISTOGRAM, '') : sampled) !== name) throw wrong(line);
  family.samples.set(key, Number(value.replace('Inf', 'Infinity')));
}

/** Reads the format strictly: each family whole, HELP then TYPE then its samples, none twice. Throws with the line. */
export function parseMetrics(text: string): ReadonlyMap<string, Family> {
  const reading: Reading = { families: new Map(), help: undefined, name: '' };
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  for (const line of text.split('\n')) {
    if (line.startsWith('# HELP')) readHelp(reading, line);
    else if (line.startsWith('#')) readType(reading, line);
    else if (line !== '') readSample(reading, line);
  }
  return reading.families;
}

/** The sum of a family's samples whose text holds all of these parts; `undefined` when there is none. */
export function sumOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  ...parts: readonly string[]
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(OF_HISTOGRAM, ''));
  const found = [...(family?.samples ?? [])].filter(
    ([key]) => (key === name || key.startsWith(`${name}{`)) && parts.every((part) => key.includes(part)),
  );
  return found.length === 0 ? undefined : found.reduce((sum, [, value]) => sum + value, 0);
}

/** Names in the tables under these headings of docs/operations/metrics.md, sorted. */
export function documentedMetrics(page: string, ...headings: readonly string[]): string[] {
  const sections = page
    .split(/^#+ /m)
    .filter((section) => headings.some((heading) => section.startsWith(`${heading}\n`)));
  if (sections.length !== headings.length) throw new Error(`the page has not all of: ${headings.join(', ')}`);
  return sections
    .flatMap((section) => [...section.matchAll(/^\| `([a-z0-9_]+)`/gm)].map(([, name = '']) => name))
    .toSorted();
}
