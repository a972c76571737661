import { currentVersion, type Tagged, upcast, type UpcasterChains } from '@tongchou/kernel';
import { UnknownVersion } from './errors.ts';

/** An event as it is stored: what it is called, in which version it is written, and what it says. */
export interface EncodedEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
}

/** Between events in memory, always of today's version, and events as stored, of any version. */
export interface Codec {
  encode(event: Tagged): EncodedEvent;
  /** @throws UnknownVersion when the event was written by a newer release. */
  decode(type: string, schemaVersion: number, data: object): Tagged;
}

/** The codec of a service's own events. */
export function createCodec(upcasters: UpcasterChains): Codec {
  return {
    encode({ type, ...data }) {
      return { type, schemaVersion: currentVersion(upcasters, type), data };
    },
    decode(type, schemaVersion, data) {
      const today = upcast(upcasters, type, schemaVersion, data);
      if (today === undefined) throw new UnknownVersion(type, schemaVersion);
      return { ...today, type };
    },
  };
}
