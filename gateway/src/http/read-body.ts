import type { IncomingMessage } from 'node:http';

const MAX_BODY_BYTES = 256 * 1024;

/** Why a body was not taken: the HTTP status and what to tell the client. */
export class BodyRefused extends Error {
  override readonly name = 'BodyRefused';
  constructor(
    readonly status: 400 | 413 | 415,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The JSON object that a request carries, at most 256 kB of it: what lies beyond is never read. Throws `BodyRefused`; the
 * connection must then be closed, because an unread rest stands on it.
 */
export async function readJsonBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new BodyRefused(415, `Content encoding ${encoding.slice(0, 20)} is not taken. Send the body uncompressed.`);
  }
  if (Number(request.headers['content-length']) > MAX_BODY_BYTES) throw tooLarge();
  return jsonObject(await bytes(request));
}

async function bytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const part: Buffer = chunk;
    size += part.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(part);
  }
  return Buffer.concat(chunks);
}

function jsonObject(body: Buffer): Readonly<Record<string, unknown>> {
  const value = parsed(body);
  if (Array.isArray(value)) throw new BodyRefused(400, 'Batches are not taken. Send one operation a request.');
  if (isRecord(value)) return value;
  throw new BodyRefused(400, 'The body is no JSON object. Send {"query": "..."} as application/json.');
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new BodyRefused(400, 'The body is not JSON in UTF-8. Send {"query": "..."} as application/json.');
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const tooLarge = (): BodyRefused =>
  new BodyRefused(413, `The body is larger than ${MAX_BODY_BYTES / 1024} kB. Ask in smaller parts.`);
