import type { IncomingMessage } from 'node:http';

/** How long a client may go on sending after its answer before its connection is cut. */
const LINGER_MS = 5_000;

/** Takes what the client still sends, so that it reads its answer rather than a broken connection; not for ever. */
export function letGo(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  request.on('error', () => undefined).resume();
  const cut = setTimeout(() => request.destroy(), LINGER_MS);
  cut.unref();
  request.once('close', () => clearTimeout(cut));
}
