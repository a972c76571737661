/** Something wrong with a JSON value before anybody asks what it means. */
export interface WireFault {
  readonly path: readonly string[];
  readonly message: string;
}

const DEPTH_MAX = 16;
const TEXT_MAX_CHARACTERS = 20_000;
const NUL = '\u0000';

function textFault(text: string): string | undefined {
  if (text.length > TEXT_MAX_CHARACTERS) return `is longer than ${TEXT_MAX_CHARACTERS} characters`;
  if (text.includes(NUL)) return 'holds a NUL character, which cannot be stored';
  if (!text.isWellFormed()) return 'holds half of a surrogate pair, which is no character';
  return undefined;
}

function scalarFault(value: unknown): string | undefined {
  if (typeof value === 'string') return textFault(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return 'is a number beyond what can be kept';
  return undefined;
}

const nameFault = (name: string): string | undefined =>
  name === '__proto__' ? 'is a name that is not allowed' : textFault(name);

/** The first fault of a JSON value: NUL, lone surrogates, oversized texts, `__proto__`, infinite numbers, too much depth. */
export function wireFault(value: unknown, path: readonly string[] = []): WireFault | undefined {
  if (typeof value !== 'object' || value === null) {
    const message = scalarFault(value);
    return message === undefined ? undefined : { path, message };
  }
  if (path.length >= DEPTH_MAX) return { path, message: `is nested deeper than ${DEPTH_MAX} levels` };
  for (const [name, inner] of Object.entries(value)) {
    const named = nameFault(name);
    if (named !== undefined) return { path, message: `has a field name that ${named}` };
    const fault = wireFault(inner, [...path, name]);
    if (fault) return fault;
  }
  return undefined;
}
