const MAP = '$map';
const SET = '$set';

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

function entries(value: object, change: (inner: unknown) => unknown): object {
  const present = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(present.map(([key, inner]) => [key, change(inner)]));
}

/**
 * A state as plain JSON values; maps and sets are kept as such.
 *
 * @throws TypeError for what JSON cannot carry and we do not: dates, functions, bigint, instances of classes.
 */
export function stateToJson(state: unknown): unknown {
  if (state instanceof Map) return { [MAP]: [...state].map((pair) => pair.map(stateToJson)) };
  if (state instanceof Set) return { [SET]: [...state].map(stateToJson) };
  if (Array.isArray(state)) return state.map(stateToJson);
  if (typeof state === 'object' && state !== null && isPlain(state)) return entries(state, stateToJson);
  if (state === null || typeof state === 'string' || typeof state === 'boolean') return state;
  if (typeof state === 'number' && Number.isFinite(state)) return state;
  throw new TypeError('A state holds something that a snapshot cannot carry');
}

function pairOf(pair: unknown): [unknown, unknown] {
  if (!Array.isArray(pair) || pair.length !== 2) throw new TypeError('Not an entry of a map');
  return [jsonToState(pair[0]), jsonToState(pair[1])];
}

/** The state that `stateToJson` wrote. @throws TypeError when it is none. */
export function jsonToState(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(jsonToState);
  if (typeof json !== 'object' || json === null) return json;
  if (MAP in json && Array.isArray(json[MAP])) return new Map(json[MAP].map(pairOf));
  if (SET in json && Array.isArray(json[SET])) return new Set(json[SET].map(jsonToState));
  return entries(json, jsonToState);
}
