/** The command's id was used before for another input. Nothing was done; use a new id for a new command. */
export class IdempotencyMismatch extends Error {
  readonly code = 'IDEMPOTENCY_MISMATCH';
  readonly retryable = false;
  readonly commandId: string;

  constructor(commandId: string) {
    super(`Command id ${commandId} was used before for another input. Send a new id with a new command.`);
    this.name = 'IdempotencyMismatch';
    this.commandId = commandId;
  }
}

/** Somebody was faster. Nothing was done, and the same command may be sent again. */
export class Conflict extends Error {
  readonly code = 'CONFLICT';
  readonly retryable: boolean;
  readonly streamId: string;
  /** Where the stream stands. */
  readonly version: number;

  constructor(message: string, streamId: string, version: number, options: { readonly retryable: boolean }) {
    super(message);
    this.name = 'Conflict';
    this.streamId = streamId;
    this.version = version;
    this.retryable = options.retryable;
  }
}

/**
 * The database did not answer, or there was too much waiting. What was sent may or may not have been stored: sending it
 * again with the same command id tells, and stores nothing twice.
 */
export class Unavailable extends Error {
  readonly code = 'UNAVAILABLE';
  readonly retryable = true;

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'Unavailable';
  }
}

/** A stored event of a version that this code does not know: written by a newer release. */
export class UnknownVersion extends Error {
  readonly code = 'UNKNOWN_VERSION';
  readonly retryable = false;
  readonly eventType: string;
  readonly schemaVersion: number;

  constructor(eventType: string, schemaVersion: number) {
    super(
      `No upcaster for version ${schemaVersion} of ${eventType}: this release is older than the event. Deploy the newer one.`,
    );
    this.name = 'UnknownVersion';
    this.eventType = eventType;
    this.schemaVersion = schemaVersion;
  }
}
