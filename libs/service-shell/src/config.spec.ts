import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { busFaults } from './bus-settings.ts';
import { ConfigFaults } from './config-faults.ts';
import { defineConfig } from './define-config.ts';
import { envExample } from './env-example.ts';
import { ReferenceDate } from './reference-date.ts';
import { serviceSettings } from './service-settings.ts';

const shape = serviceSettings('projects', 4001);
const folder = mkdtempSync(join(tmpdir(), 'config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const KEY = { kty: 'OKP', crv: 'Ed25519', kid: 'k', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };

const right = {
  PROJECTS_DATABASE_URL: 'postgres://projects:deep%20secret@127.0.0.1:5432/projects',
  BUS_DATABASE_URL: 'postgres://bus:another@127.0.0.1:5432/bus',
  PRINCIPAL_KEYS: JSON.stringify({ keys: [KEY] }),
};

function faultsOf(env: Record<string, string>): readonly { name: string; given: string; allowed: string }[] {
  try {
    defineConfig(shape, env, busFaults);
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults;
    throw error;
  }
  return [];
}

const namesOf = (env: Record<string, string>): string[] => faultsOf(env).map((fault) => fault.name);

describe('the environment', () => {
  it('becomes a typed object with its defaults', () => {
    expect(defineConfig(shape, { ...right, REFERENCE_DATE: '2018-08-31', HOME: '/x' })).toEqual({
      port: 4001,
      host: '127.0.0.1',
      logLevel: 'info',
      metricsToken: undefined,
      principalKeys: { keys: [KEY] },
      databaseUrl: right.PROJECTS_DATABASE_URL,
      kafkaBrokers: undefined,
      busDatabaseUrl: right.BUS_DATABASE_URL,
      kafkaSsl: false,
      kafkaSslCa: undefined,
      kafkaSaslUsername: undefined,
      kafkaSaslPassword: undefined,
      kafkaReplicationFactor: 3,
      kafkaMinInsync: 2,
      busRetentionDays: 7,
      commandsRetentionDays: 30,
      parkedRetentionDays: 90,
      currency: 'CNY',
      referenceDate: '2018-08-31',
      mainRegister: undefined,
    });
  });

  it('lists every fault at once: missing, empty, wrong, unknown, not available yet', () => {
    const env = {
      PROJECTS_DATABASE_URL: 'mysql://root:hunter2@db/projects',
      PORT: '70000',
      HOST: 'a host',
      CURRENCY: 'yuan',
      REFERENCE_DATE: '2018-02-30',
      LOG_LEVEL: '',
      PROJECTS_DATABASE_ULR: 'x',
      KAFKA_BROKERS: 'broker',
      METRICS_TOKEN: 'short',
      LABOR_DATABASE_URL: 'x',
    };
    const missing = ['BUS_DATABASE_URL', 'PRINCIPAL_KEYS'];
    expect(namesOf(env).toSorted()).toEqual([...Object.keys(env), ...missing].toSorted());
    expect(() => defineConfig(shape, env, busFaults)).toThrow(/^12 settings are not right, so nothing was started:\n/);
    expect(() => defineConfig(shape, env)).not.toThrow(/hunter2/);
  });

  it('says what each fault needs: name, given, allowed, example', () => {
    expect(() => defineConfig(shape, { ...right, HOST: 'a host' })).toThrow(
      '  HOST: given "a host"; allowed: an address or a name of this machine; 0.0.0.0 = every address; example: 127.0.0.1',
    );
    expect(faultsOf({ ...right, FUNDS_URL: 'x' })[0]?.allowed).toContain('does not exist yet');
    expect(faultsOf({ ...right, PROJECTS_DATABASE_ULR: 'x' })[0]?.allowed).toContain('PROJECTS_DATABASE_URL');
  });

  it('needs one bus, and Kafka settings that fit together', () => {
    const { BUS_DATABASE_URL: _, ...own } = right;
    const kafka = { ...own, KAFKA_BROKERS: 'kafka-1:9092, [::1]:9093' };
    expect(defineConfig(shape, kafka, busFaults)).toMatchObject({ kafkaBrokers: ['kafka-1:9092', '[::1]:9093'] });
    expect(namesOf(own)).toEqual(['BUS_DATABASE_URL']);
    expect(namesOf({ ...kafka, KAFKA_SASL_USERNAME: 'projects' })).toEqual(['KAFKA_SASL_PASSWORD']);
    expect(namesOf({ ...kafka, KAFKA_SASL_PASSWORD: 'deep' })).toEqual(['KAFKA_SASL_USERNAME']);
    expect(namesOf({ ...kafka, KAFKA_SSL_CA: '-----BEGIN CERTIFICATE-----\nx' })).toEqual(['KAFKA_SSL']);
    expect(namesOf({ ...kafka, KAFKA_REPLICATION_FACTOR: '1' })).toEqual(['KAFKA_MIN_INSYNC']);
  });

  it('takes another service of the house in the same environment for what it is', () => {
    expect(
      namesOf({
        ...right,
        COSTS_DATABASE_URL: 'postgres://x:y@z/costs',
        CORS_ORIGINS: 'http://a',
        OIDC_ISSUER: 'http://a',
      }),
    ).toEqual([]);
  });

  it('takes public keys of the gateway only, and never shows what it was given', () => {
    const keysFault = (keys: unknown[]) => faultsOf({ ...right, PRINCIPAL_KEYS: JSON.stringify({ keys }) });
    expect(keysFault([KEY, { ...KEY, kid: 'next' }])).toEqual([]);
    for (const keys of [[], [KEY, KEY], [{ ...KEY, d: 'private' }], [{ ...KEY, kty: 'RSA' }], [{ ...KEY, kid: '' }]]) {
      expect(keysFault(keys)).toMatchObject([{ name: 'PRINCIPAL_KEYS', given: expect.stringContaining('not shown') }]);
    }
    expect(namesOf({ ...right, PRINCIPAL_KEYS: 'no json' })).toEqual(['PRINCIPAL_KEYS']);
    expect(namesOf({ ...right, PRINCIPAL_KEYS: shape.principalKeys.example })).toEqual(['PRINCIPAL_KEYS']);
  });

  it('refuses a secret that is the printed example', () => {
    const env = { ...right, BUS_DATABASE_URL: shape.busDatabaseUrl.example };
    expect(faultsOf(env)).toMatchObject([{ name: 'BUS_DATABASE_URL', given: 'the secret printed as an example' }]);
  });

  it('reads a secret from a file, and refuses both forms together, an empty and a missing file', () => {
    const file = join(folder, 'url');
    writeFileSync(file, `${right.BUS_DATABASE_URL}\n`);
    const { BUS_DATABASE_URL: bus, ...rest } = right;
    expect(defineConfig(shape, { ...rest, BUS_DATABASE_URL_FILE: file }).busDatabaseUrl).toBe(bus);
    expect(namesOf({ ...right, BUS_DATABASE_URL_FILE: file })).toEqual(['BUS_DATABASE_URL']);
    expect(namesOf({ ...rest, BUS_DATABASE_URL_FILE: join(folder, 'none') })).toEqual(['BUS_DATABASE_URL']);
    writeFileSync(file, '\n');
    expect(namesOf({ ...rest, BUS_DATABASE_URL_FILE: file })).toEqual(['BUS_DATABASE_URL']);
  });

  it('is printed as .env.example with every name', () => {
    const text = envExample(shape);
    for (const one of Object.values(shape)) expect(text).toContain(`# ${one.name}=${one.example}`);
    expect(text).toContain('BUS_DATABASE_URL_FILE');
  });

  it('judges at the given day, else today', () => {
    expect(new ReferenceDate({ referenceDate: undefined }).get()).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(new ReferenceDate(defineConfig(shape, { ...right, REFERENCE_DATE: '2020-02-29' })).get()).toBe('2020-02-29');
  });
});
