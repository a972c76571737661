import type { output, ZodType } from 'zod';
import { ConfigFaults, type ConfigFault } from './config-faults.ts';
import { readGiven, type Environment } from './given.ts';
import { strangeNames } from './strange-names.ts';

/** One setting: the environment variable, what it may be, and what a person needs to set it right. */
export interface Setting<Type extends ZodType = ZodType> {
  /** Name of the environment variable. */
  readonly name: string;
  readonly about: string;
  /** Parses the variable's text. Optional or with a default = may be unset. */
  readonly type: Type;
  readonly allowed: string;
  readonly example: string;
  /** Never shown; may also be given as `NAME_FILE`; refused when it equals its printed example. */
  readonly secret?: boolean;
}

export type Settings = Readonly<Record<string, Setting>>;

export type ConfigOf<Shape extends Settings> = { readonly [Key in keyof Shape]: output<Shape[Key]['type']> };

/** A setting with its type inferred. */
export function setting<Type extends ZodType>(definition: Setting<Type>): Setting<Type> {
  return definition;
}

/**
 * The environment as a typed object, read once. Throws `ConfigFaults` that lists **every** fault: missing, empty, wrong,
 * unknown under our prefixes, not available yet; each with its name, what was given, what is allowed and an example.
 * `together` finds what no setting can tell of itself alone; a value that is at fault is `undefined` there.
 */
export function defineConfig<Shape extends Settings>(
  shape: Shape,
  env: Environment = process.env,
  together: (config: ConfigOf<Shape>) => readonly ConfigFault[] = () => [],
): ConfigOf<Shape> {
  const faults: ConfigFault[] = strangeNames(
    Object.values(shape).map((one) => one.name),
    env,
  );
  const values = Object.entries(shape).map(([key, one]) => [key, valueOf(one, env, faults)] as const);
  const config = Object.freeze(Object.fromEntries(values)) as ConfigOf<Shape>;
  const named = new Set(faults.map(({ name }) => name));
  faults.push(...together(config).filter(({ name }) => !named.has(name)));
  if (faults.length > 0) throw new ConfigFaults(faults);
  return config;
}

function valueOf(one: Setting, env: Environment, faults: ConfigFault[]): unknown {
  const given = readGiven(one.name, one.secret === true, env);
  if ('fault' in given) {
    faults.push({ ...explain(one), given: given.fault });
    return undefined;
  }
  if (one.secret && given.text === one.example) {
    faults.push({
      ...explain(one),
      given: 'the secret printed as an example',
      allowed: `${one.allowed}, a secret of your own`,
    });
    return undefined;
  }
  const parsed = one.type.safeParse(given.text);
  if (parsed.success) return parsed.data;
  faults.push({ ...explain(one), given: shown(one, given.text) });
  return undefined;
}

const explain = (one: Setting): Omit<ConfigFault, 'given'> => ({
  name: one.name,
  allowed: one.allowed,
  example: one.example,
});

function shown(one: Setting, text: string | undefined): string {
  if (text === undefined) return 'nothing';
  if (one.secret) return `a secret of ${text.length} characters (not shown)`;
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
