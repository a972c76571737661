import { fileURLToPath } from 'node:url';
import { freePort } from '@tongchou/embedded-postgres';
import { issuerFiles } from '../issuer/issuer-files.ts';
import { AUDIENCE } from '../issuer/issue-token.ts';
import type { RunFile } from '../state/run-file.ts';
import type { StateFolder } from '../state/state-folder.ts';
import type { SupervisorFile } from '../state/supervisor-file.ts';
import { type AppPlan, launchApp, urlOf } from './app-process.ts';
import { Keeper } from './keeper.ts';
import { BEHIND_THE_STREET } from './ports.ts';

const SCRIPT = fileURLToPath(new URL('../issuer/main.ts', import.meta.url));
const NAME = 'issuer';
const GRACE_MS = 2_000;
const PORT_TRIES = 5;

export interface DemoIssuerPlan {
  readonly state: StateFolder;
  readonly portBase: number;
  readonly changed: () => void;
  readonly say: (line: string) => void;
}

/** The demo's identity provider, a process of its own that is kept running. */
export class DemoIssuer {
  readonly #plan: DemoIssuerPlan;
  readonly #keeper: Keeper;
  #port = 0;

  constructor(plan: DemoIssuerPlan) {
    const { state, changed, say } = plan;
    this.#plan = plan;
    this.#keeper = new Keeper({
      name: NAME,
      logFile: state.logFile(NAME),
      launch: () => launchApp(this.#app()),
      hopeless: async () => (await freePort(this.#port)) !== this.#port,
      changed,
      say,
    });
  }

  /** Resolves when it answers. @throws Problem when it never does. */
  async start(): Promise<void> {
    await issuerFiles(this.#plan.state);
    for (let tries = 1; ; tries += 1) {
      this.#port = await freePort(this.#plan.portBase + BEHIND_THE_STREET);
      try {
        return await this.#keeper.start();
      } catch (error) {
        // Another program may have taken the port between the look and the start.
        if (tries === PORT_TRIES || (await freePort(this.#port)) === this.#port) throw error;
      }
    }
  }

  /** What the gateway needs to know of it. */
  get environment(): Readonly<Record<string, string>> {
    return { OIDC_ISSUER: urlOf({ port: this.#port }), OIDC_AUDIENCE: AUDIENCE, DEMO_ISSUER: 'true' };
  }

  describe(): Pick<RunFile, 'issuer'> {
    const { wanted, lastReady } = this.#keeper;
    return wanted && lastReady ? { issuer: { url: urlOf({ port: this.#port }), pid: lastReady.pid } } : {};
  }

  get children(): SupervisorFile['children'] {
    const { mark } = this.#keeper;
    return mark ? [{ name: NAME, ...mark }] : [];
  }

  stop(): Promise<void> {
    return this.#keeper.stop();
  }

  #app(): AppPlan {
    return {
      script: SCRIPT,
      port: this.#port,
      environment: { TONGCHOU_STATE: this.#plan.state.path },
      nodeFlags: ['--conditions=@tongchou/source', '--max-semi-space-size=1'],
      logFile: this.#plan.state.logFile(NAME),
      graceMs: GRACE_MS,
      unready: () => undefined,
    };
  }
}
