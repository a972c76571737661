import { eventually } from './eventually.ts';

/** What an app says of itself at `/health/ready`. */
export interface Ready {
  readonly http: number;
  readonly status: string;
  readonly reasons?: readonly string[];
  readonly degraded?: readonly string[];
}

export async function readyOf(url: string): Promise<Ready> {
  const response = await fetch(`${url}/health/ready`);
  return { ...((await response.json()) as Omit<Ready, 'http'>), http: response.status };
}

/** Waits until it says what `look` wants, 45 s at most; what it said last is the error. */
export async function untilReady(url: string, look: (ready: Ready) => boolean): Promise<Ready> {
  let last: Ready | undefined;
  const found = eventually('/health/ready', async () => look((last = await readyOf(url))) && last, 45_000);
  return found.catch((error: unknown) => {
    throw new Error(`/health/ready said ${JSON.stringify(last)}`, { cause: error });
  });
}
