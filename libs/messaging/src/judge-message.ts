import { ContractBreach, decodePublic, parseEnvelope, topicOf } from '@tongchou/contracts';
import type { Envelope } from '@tongchou/contracts';
import { isUuid } from '@tongchou/kernel';
import type { IncomingMessage } from './bus.ts';
import { unstorable } from './unstorable.ts';

/** Why a message waits. `gap` and `behind` are sound and wait for their turn; the others need somebody to look. */
export type ParkReason =
  'unreadable' | 'breach' | 'unknown-version' | 'unstorable' | 'wrong-topic' | 'forked' | 'gap' | 'behind';

/** What the receiver asks of the contracts between services. */
export interface ReceivedContracts {
  /** Throws `ContractBreach`. `unknown` for a type without a contract here. */
  check(source: string, type: string, schemaVersion: number, data: object): 'known' | 'unknown';
}

export const publishedContracts: ReceivedContracts = {
  check: (source, type, schemaVersion, data) => (decodePublic(source, type, schemaVersion, data) ? 'known' : 'unknown'),
};

/** A fact that may be stored when its turn comes. */
export interface SoundFact {
  readonly kind: 'fact';
  readonly envelope: Envelope;
  /** `private`: an envelope without data; `unknown`: a later version of this service may know its type. */
  readonly contract: 'known' | 'unknown' | 'private';
  /** The JSON as it came. */
  readonly data: string | null;
}

export interface FaultyMessage {
  readonly kind: 'fault';
  readonly reason: ParkReason;
  readonly detail: string;
  /** Its place, as far as it can be read. Without a stream it is parked alone. */
  readonly streamId?: string;
  readonly version?: number;
  readonly eventId?: string;
}

export type Judged = SoundFact | FaultyMessage | { readonly kind: 'watermark'; readonly closedInstant: string };

const VERSION = /^[1-9]\d{0,15}$/;

/** What a faulty message says of its place; its stream is known already. */
function placeOf({ headers }: IncomingMessage): Pick<FaultyMessage, 'version' | 'eventId'> {
  const { ce_sequence: sequence = '', ce_id: id = '' } = headers;
  return {
    ...(VERSION.test(sequence) && Number.isSafeInteger(Number(sequence)) && { version: Number(sequence) }),
    ...(isUuid(id) && { eventId: id }),
  };
}

function judgeFact(envelope: Envelope, value: Buffer, contracts: ReceivedContracts): Judged {
  const { source, streamId, version, eventId, type, schemaVersion, data } = envelope;
  const fault = (reason: ParkReason, detail: string): FaultyMessage => ({
    kind: 'fault',
    reason,
    detail,
    streamId,
    version,
    eventId,
  });
  const obstacle = unstorable(envelope);
  if (obstacle) return fault('unstorable', obstacle);
  if (!data) return { kind: 'fact', envelope, contract: 'private', data: null };
  try {
    const contract = contracts.check(source, type, schemaVersion, data);
    return { kind: 'fact', envelope, contract, data: value.toString() };
  } catch (error) {
    if (!(error instanceof ContractBreach)) return fault('breach', `its contract cannot be checked: ${error}`);
    return fault(error.code === 'UNKNOWN_VERSION' ? 'unknown-version' : 'breach', error.message);
  }
}

/** What a message of a source's topic is. Never throws, whatever came. */
export function judgeMessage(message: IncomingMessage, source: string, contracts: ReceivedContracts): Judged {
  const { headers, key, value } = message;
  const parsed = parseEnvelope(headers, value, key);
  if (parsed.kind === 'unreadable') return { kind: 'fault', reason: 'unreadable', detail: parsed.reason };
  if (parsed.source !== source) {
    const detail = `it speaks for ${parsed.source}, but ${topicOf(source)} carries facts of ${source}`;
    return { kind: 'fault', reason: 'wrong-topic', detail };
  }
  if (parsed.kind === 'watermark') return { kind: 'watermark', closedInstant: parsed.closedInstant };
  if (parsed.kind === 'breach') {
    return { kind: 'fault', reason: 'breach', detail: parsed.reason, streamId: parsed.streamId, ...placeOf(message) };
  }
  return judgeFact(parsed, value ?? Buffer.alloc(0), contracts);
}
