import type { Server } from 'node:http';
import { Server as NetServer } from 'node:net';

const SWEEP_EVERY_MS = 50;
/** A request may stand on a connection that is idle here: it was sent before its sender knew. */
const ON_ITS_WAY_MS = 200;

/**
 * Stops listening; resolves when every request under way is answered. Connections are closed as they become idle, though
 * not at once.
 */
export function drained(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const began = performance.now();
    const sweep = setInterval(() => {
      if (performance.now() - began > ON_ITS_WAY_MS) server.closeIdleConnections();
    }, SWEEP_EVERY_MS);
    // That of HTTP would cut all idle connections now.
    NetServer.prototype.close.call(server, () => {
      clearInterval(sweep);
      resolve();
    });
  });
}
