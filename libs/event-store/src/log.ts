/** What the engine says to its operators; a pino logger fits. */
export interface Log {
  info(detail: object, message: string): void;
  warn(detail: object, message: string): void;
  error(detail: object, message: string): void;
}

const nothing = (): void => undefined;

/** For specs and tools that have nobody to tell. */
export const silentLog: Log = { info: nothing, warn: nothing, error: nothing };

/** An error in words, whatever was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
