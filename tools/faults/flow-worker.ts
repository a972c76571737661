import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LOST } from './flow-settings.ts';
import type { TrialContext } from './trial.ts';

export interface WorkerPlan {
  /** In the history. */
  readonly name: string;
  /** Below this folder. */
  readonly file: string;
  readonly settings: object;
  /** Beside this process's own, e.g. a clock. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly onMessage?: (message: object) => void;
}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 15_000;
const AGAIN_AFTER_MS = 100;
const MOST_SAID = 100;

/** A process of a flow that is started again whenever it ends, as a supervisor does, until it is stopped. */
export class FlowWorker {
  readonly name: string;
  /** How often it ended without being killed here, a start that failed for want of a database included. */
  ownEnds = 0;
  /** How often it ended so after it had been at work. */
  crashes = 0;
  private readonly context: TrialContext;
  private readonly plan: WorkerPlan;
  private child: ChildProcess | undefined;
  private ready: Promise<void> = Promise.resolve();
  private expected = false;
  private stopped = false;
  private said = 0;
  private isAtWork = false;
  private frozen = false;

  constructor(context: TrialContext, plan: WorkerPlan) {
    this.context = context;
    this.plan = plan;
    this.name = plan.name;
    this.launch();
  }

  untilReady(): Promise<void> {
    return this.ready;
  }

  /** Running, and not frozen: something to break. */
  whole(): boolean {
    return this.running() && !this.frozen;
  }

  running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  send(message: object): void {
    if (this.child?.connected) this.child.send(message);
  }

  /** False when there was nothing to signal. */
  signal(name: NodeJS.Signals): boolean {
    if (!this.running()) return false;
    if (name === 'SIGKILL') this.expected = true;
    return this.child?.kill(name) ?? false;
  }

  /** Killed, then started again; resolves when it is at work. */
  async kill(): Promise<boolean> {
    const child = this.child;
    if (!child || !this.signal('SIGKILL')) return false;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return true;
  }

  /** Stopped for so long, then woken: a process that slept through the end of its session. */
  async freeze(ms: number): Promise<boolean> {
    const child = this.child;
    if (!child || !this.signal('SIGSTOP')) return false;
    this.frozen = true;
    await pause(ms);
    if (this.child === child) this.frozen = false;
    return child.kill('SIGCONT');
  }

  /** Asked to end; by force when it does not. */
  async stop(): Promise<void> {
    this.stopped = true;
    const child = this.child;
    if (!child || !this.running()) return;
    const ended = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const late = new AbortController();
    await Promise.race([ended, pause(STOP_WITHIN_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    if (!this.running()) return;
    this.context.note({ worker: this.name, killed: 'it did not stop by itself' });
    child.kill('SIGKILL');
    await ended;
  }

  private launch(): void {
    const file = fileURLToPath(new URL(this.plan.file, import.meta.url));
    // kafkajs sets a timer to a time that has passed, at each start.
    const quiet = '--disable-warning=TimeoutNegativeWarning';
    const args = ['--conditions=@tongchou/source', quiet, file, JSON.stringify(this.plan.settings)];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...this.plan.environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child = child;
    this.expected = false;
    this.isAtWork = false;
    this.frozen = false;
    this.ready = this.untilSaysReady(child);
    this.ready.catch(() => undefined);
    child.on('message', (message: object) => this.plan.onMessage?.(message));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.hear(text));
    child.once('exit', (code, signal) => void this.ended(code, signal));
  }

  private async untilSaysReady(child: ChildProcess): Promise<void> {
    const late = new AbortController();
    try {
      await Promise.race([
        once(child, 'message').then(() => (this.isAtWork = true)),
        once(child, 'exit').then(([code]) => Promise.reject(new Error(`${this.name} ended at once, with ${code}`))),
        pause(READY_WITHIN_MS, undefined, { signal: late.signal }).then(() =>
          Promise.reject(new Error(`${this.name} was not ready after ${READY_WITHIN_MS} ms`)),
        ),
      ]);
    } finally {
      late.abort();
    }
  }

  private hear(text: string): void {
    this.said += 1;
    if (this.said <= MOST_SAID) this.context.note({ worker: this.name, says: text.slice(0, 2_000) });
  }

  private async ended(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (this.stopped) return;
    if (!this.expected) {
      this.ownEnds += 1;
      // A Kafka consumer that is lost for good ends its process in order, to begin afresh.
      if (this.isAtWork && code !== LOST) this.crashes += 1;
      this.context.note({ worker: this.name, ended: signal ?? code });
    }
    await pause(AGAIN_AFTER_MS);
    if (!this.stopped) this.launch();
  }
}

/** Starts a worker that is ended with the trial, whatever happens. */
export function startWorker(context: TrialContext, plan: WorkerPlan): FlowWorker {
  const worker = new FlowWorker(context, plan);
  context.atEnd(() => worker.stop());
  return worker;
}
