import path from 'node:path';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { HelpWanted, Problem, reasonOf } from './problem.ts';
import { stateFolder, type StateFolder } from './state-folder.ts';

const EVERYWHERE = { state: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

const HELP_OF_ALL = `
  --state DIR     which city: its state folder (default .tongchou in the checkout)
  --help          this text`;

/** Where the person typed the command: npm runs scripts in the root of the checkout and keeps the place here. */
export const workingFolder = (): string => process.env['INIT_CWD'] ?? process.cwd();

/**
 * Options and words of a command line; every command knows `--state` and `--help` without declaring them.
 *
 * @throws HelpWanted for `--help`; Problem for an option or word that the command does not know.
 */
export function readArguments<const Options extends ParseArgsOptionsConfig>(
  args: readonly string[],
  help: string,
  options: Options,
  words: { atMost: number } = { atMost: 0 },
) {
  const parsed = parse(args, { ...options, ...EVERYWHERE });
  const { state, help: helpWanted }: { state?: string; help?: boolean } = parsed.values;
  if (helpWanted) throw new HelpWanted(`${help.trim()}\n${HELP_OF_ALL}`);
  const tooMuch = parsed.positionals[words.atMost];
  if (tooMuch !== undefined) throw new Problem(`"${tooMuch}" is one word too many.`, 'See --help.');
  const city: StateFolder = stateFolder(state === undefined ? undefined : path.resolve(workingFolder(), state));
  return { values: parsed.values, words: parsed.positionals, city };
}

function parse<const Options extends ParseArgsOptionsConfig>(args: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new Problem(reasonOf(error).replace(/\. To specify.*$/s, '.'), 'See --help.', { cause: error });
  }
}
