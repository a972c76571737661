import type { Server } from 'node:http';

const SWEEP_EVERY_MS = 50;

/** Stops listening; resolves when every request under way is answered. Connections are closed as they become idle. */
export function drained(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_EVERY_MS);
    server.close(() => {
      clearInterval(sweep);
      resolve();
    });
  });
}
