import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export interface History {
  readonly file: string;
  write(event: object): void;
  close(): Promise<void>;
}

/** A file of what happened, a JSON object a line, in the order in which it was told. */
export function openHistory(file: string): History {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  return {
    file,
    write: (event) => void stream.write(`${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`),
    async close() {
      if (stream.closed) return;
      stream.end();
      await once(stream, 'close');
    },
  };
}
