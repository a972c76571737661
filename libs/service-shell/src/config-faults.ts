/** One thing wrong with the environment, as a person needs it to put it right. */
export interface ConfigFault {
  readonly name: string;
  /** What was found there; a secret is never shown. */
  readonly given: string;
  readonly allowed: string;
  readonly example: string;
}

const line = (fault: ConfigFault): string =>
  `  ${fault.name}: given ${fault.given}; allowed: ${fault.allowed}; example: ${fault.example}`;

/** Everything that is wrong with the environment at once. Nothing starts with it. */
export class ConfigFaults extends Error {
  override readonly name = 'ConfigFaults';
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const count = faults.length === 1 ? '1 setting is' : `${faults.length} settings are`;
    super(`${count} not right, so nothing was started:\n${faults.map(line).join('\n')}`);
    this.faults = faults;
  }
}
