/** What a person can do about what kafkajs says; first match wins. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /certificate|self[- ]signed|wrong version number|packet length too long|ssl3|TLS|ERR_SSL/i,
    'TLS does not fit: KAFKA_SSL and KAFKA_SSL_CA_FILE',
  ],
  [/SASL|authenticat/i, 'user or password is refused: KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD'],
  [
    /AUTHORIZATION_FAILED|not authorized/i,
    'the user lacks rights: docs/operations/kafka.md lists the ACLs that it needs',
  ],
  [
    /group coordinator|COORDINATOR/i,
    'the group has no coordinator: the broker is still starting, or the user may not read with this group (docs/operations/kafka.md)',
  ],
  [
    /INVALID_REPLICATION_FACTOR|Replication.factor/i,
    'there are fewer brokers than copies: KAFKA_REPLICATION_FACTOR and KAFKA_MIN_INSYNC',
  ],
  [/NOT_ENOUGH_REPLICAS/i, 'too few brokers hold a copy: bring the missing ones back, or lower KAFKA_MIN_INSYNC'],
  [
    /Closed connection|ECONNRESET|EPIPE/i,
    'the broker closed the connection: it is ending, or KAFKA_SSL and KAFKA_SASL_USERNAME do not fit its listener',
  ],
  [
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|timeout|closed|not connected|within/i,
    'no broker answers: start it, or put KAFKA_BROKERS right',
  ],
];

function causesOf(error: unknown): string[] {
  const texts: string[] = [];
  for (let at: unknown = error; at instanceof Error && texts.length < 6; at = at.cause) {
    const type = 'type' in at && typeof at.type === 'string' ? at.type : undefined;
    const inner = 'errors' in at && Array.isArray(at.errors) ? at.errors.flatMap(causesOf) : [];
    texts.push(...[type, at.message, ...inner].flatMap((text) => text ?? []));
  }
  return [...new Set(texts.length > 0 ? texts : [String(error)])];
}

/** Whether Kafka's own name for it is among the causes, as `TOPIC_AUTHORIZATION_FAILED`. */
export const isKafkaError = (error: unknown, ...types: readonly string[]): boolean =>
  causesOf(error).some((text) => types.includes(text));

/** An error of Kafka with what to do about it; the cause stays. */
export class KafkaTrouble extends Error {
  override readonly name = 'KafkaTrouble';
}

/** Says what went wrong while `doing` something, and what a person can do. */
export function kafkaTrouble(doing: string, error: unknown): KafkaTrouble {
  if (error instanceof KafkaTrouble) return error;
  const said = causesOf(error).join(': ');
  const remedy = REMEDIES.find(([pattern]) => pattern.test(said))?.[1];
  return new KafkaTrouble(`Kafka: ${doing}: ${said}${remedy === undefined ? '' : `. ${remedy}`}`, { cause: error });
}

const AWAY = ['KafkaJSNumberOfRetriesExceeded', 'KafkaJSGroupCoordinatorNotFound', 'KafkaJSConnectionError'];

/** Whether a new consumer may do better: brokers were away. Refused users and what is a bug stay as they are. */
export function comesBack(error: unknown): boolean {
  if (error instanceof KafkaTrouble) return true;
  for (let at = error; at instanceof Error; at = at.cause) {
    if (AWAY.includes(at.name) || ('retriable' in at && at.retriable === true)) return true;
  }
  return false;
}
