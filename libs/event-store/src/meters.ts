/** What the write side tells in figures while it works; seconds. Called on hot paths: it neither waits nor throws. */
export interface StoreMeters {
  /** One append statement: the events that it stored, and how long it took. */
  appended(events: number, seconds: number): void;
  /** Others had changed the stream: a batch of commands is decided again. */
  conflicted(): void;
  /** So many commands waited while others of their stream were decided, the longest for so long. */
  waited(commands: number, seconds: number): void;
}

const nothing = (): void => undefined;

/** For specs and tools that nobody measures. */
export const noMeters: StoreMeters = { appended: nothing, conflicted: nothing, waited: nothing };
