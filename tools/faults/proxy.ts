import { connect, createServer, type Socket } from 'node:net';

export interface Cutting {
  /** Looked for in what the client sends; the first match names the cut. */
  readonly request: RegExp;
  /** Whether this request is to be cut: asked once for each that matches. */
  wanted(name: string): boolean;
  /** What must have come back before the connection is cut, so that the work behind it is done; any byte when not given. */
  readonly answer?: RegExp;
  /** The connection was cut: what the other side never heard. */
  cut(name: string, dropped: string): void;
}

/** A TCP proxy on loopback that passes everything on, until it is told to cut or to freeze. */
export interface Proxy {
  readonly port: number;
  /** From now on nothing passes in either direction, and connections stay open: as a host that hangs. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

export interface ProxyPlan {
  readonly targetPort: number;
  readonly cutting?: Cutting;
}

const TAIL_BYTES = 256;

/** Both ends of one connection, and what is to be cut of it. */
class Passage {
  readonly client: Socket;
  readonly target: Socket;
  readonly #cutting: Cutting | undefined;
  #tail = '';
  #armed: string | undefined;
  #held = '';

  constructor(client: Socket, { targetPort, cutting }: ProxyPlan) {
    this.client = client;
    this.#cutting = cutting;
    this.target = connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
    client.setNoDelay(true);
    client.on('data', (piece: Buffer) => this.#toTarget(piece));
    this.target.on('data', (piece: Buffer) => this.#toClient(piece));
    for (const socket of [client, this.target]) socket.on('error', () => this.destroy());
    client.on('close', () => this.target.destroy());
    this.target.on('close', () => client.destroy());
  }

  destroy(): void {
    this.client.destroy();
    this.target.destroy();
  }

  /** Not read any more: the buffers of the system fill, and whoever sends waits. */
  pause(paused: boolean): void {
    for (const socket of [this.client, this.target]) paused ? socket.pause() : socket.resume();
  }

  #toTarget(piece: Buffer): void {
    if (this.#cutting) this.#look(this.#cutting, piece);
    this.target.write(piece);
  }

  /** A name may lie across two pieces. */
  #look(cutting: Cutting, piece: Buffer): void {
    const text = this.#tail + piece.toString('latin1');
    const name = cutting.request.exec(text)?.[0];
    this.#tail = name === undefined ? text.slice(-TAIL_BYTES) : '';
    if (name !== undefined && cutting.wanted(name)) this.#armed = name;
  }

  #toClient(piece: Buffer): void {
    if (this.#cutting === undefined || this.#armed === undefined) return void this.client.write(piece);
    this.#held += piece.toString('latin1');
    if (this.#cutting.answer && !this.#cutting.answer.test(this.#held)) return;
    this.#cutting.cut(this.#armed, this.#held);
    this.client.resetAndDestroy();
    this.target.destroy();
  }
}

/** Starts one before a port of this machine. */
export async function startProxy(plan: ProxyPlan): Promise<Proxy> {
  const passages = new Set<Passage>();
  let frozen = false;
  const server = createServer((client) => {
    const passage = new Passage(client, plan);
    passages.add(passage);
    client.once('close', () => passages.delete(passage));
    if (frozen) passage.pause(true);
  });
  await new Promise<void>((resolve, fail) => server.once('error', fail).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port');
  const setFrozen = (now: boolean): void => {
    frozen = now;
    for (const passage of passages) passage.pause(now);
  };
  return {
    port: address.port,
    freeze: () => setFrozen(true),
    thaw: () => setFrozen(false),
    async close() {
      for (const passage of passages) passage.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** The same address on another port. */
export function through(url: string, proxy: Pick<Proxy, 'port'>): string {
  const moved = new URL(url);
  moved.host = `127.0.0.1:${proxy.port}`;
  return moved.href.replace(/\/$/, '');
}
