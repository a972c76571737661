import { PARTITIONS } from './bus.ts';
import type { OutgoingMessage } from './bus.ts';

const SEED = 0x9747b28c;
const M = 0x5bd1e995;

function mix(hash: number, word: number): number {
  let k = Math.imul(word, M);
  k = Math.imul(k ^ (k >>> 24), M);
  return Math.imul(hash, M) ^ k;
}

/** MurmurHash2, 32 bits, seed and signedness as in `org.apache.kafka.common.utils.Utils.murmur2`. */
export function murmur2(key: Buffer): number {
  const whole = key.length & ~3;
  let hash = SEED ^ key.length;
  for (let at = 0; at < whole; at += 4) hash = mix(hash, key.readInt32LE(at));
  for (let at = key.length - 1; at >= whole; at -= 1) {
    hash ^= key.readUInt8(at) << (8 * (at - whole));
    if (at === whole) hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

/** The partition that Kafka's default partitioner gives a key. */
export const partitionOf = (key: string, partitions: number = PARTITIONS): number =>
  (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;

/** Where a message goes: its explicit partition, else its key's. */
export function partitionFor({ key, partition }: Pick<OutgoingMessage, 'key' | 'partition'>): number {
  if (partition !== undefined) return partition;
  if (key === null) throw new Error('A message needs a key or an explicit partition');
  return partitionOf(key);
}
