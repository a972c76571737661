import { pino, type DestinationStream, type Logger } from 'pino';

/** Fields that may hold a secret, wherever they stand in a logged object. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'set-cookie',
  'password',
  'secret',
  'token',
  'databaseUrl',
  'busDatabaseUrl',
  'kafkaSaslPassword',
];

const PASSWORD_IN_URL = /(\w:\/\/)[^\s/@:"\\]*:[^\s/@"\\]+@/g;
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;

/** A text without passwords of addresses and without credentials of headers. */
export const withoutSecrets = (text: string): string =>
  text.replace(PASSWORD_IN_URL, '$1[redacted]@').replace(BEARER, '$1 [redacted]');

/** The process's log: one JSON object a line on stdout. Secrets are cut out of fields, messages and stacks alike. */
export function createLog(service: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: SECRET_FIELDS.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]),
      censor: '[redacted]',
    },
    hooks: { streamWrite: withoutSecrets },
  };
  return destination ? pino(options, destination) : pino(options);
}
