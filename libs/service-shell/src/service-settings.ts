import { parseIsoDate } from '@tongchou/kernel';
import { z } from 'zod';
import { metricsTokenSetting, principalKeysSetting } from './access-settings.ts';
import { busSettings } from './bus-settings.ts';
import { daysSetting } from './days-setting.ts';
import { databaseSetting } from './database-setting.ts';
import { setting, type ConfigOf } from './define-config.ts';

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .pipe(z.int().max(65_535));

const day = z.string().transform((text, context) => {
  const parsed = parseIsoDate(text);
  if (parsed !== undefined) return parsed;
  context.addIssue('no such day');
  return z.NEVER;
});

const office = {
  currency: setting({
    name: 'CURRENCY',
    about: 'The one currency of this deployment. Kept in the state at the first start and never changed later.',
    type: z
      .string()
      .refine((code) => CURRENCIES.has(code))
      .default('CNY'),
    allowed: 'an ISO 4217 code in capitals',
    example: 'CNY',
  }),
  referenceDate: setting({
    name: 'REFERENCE_DATE',
    about: 'The day at which age, silence and lateness are judged. Unset: today.',
    type: day.optional(),
    allowed: 'a day as YYYY-MM-DD',
    example: '2018-08-31',
  }),
  mainRegister: setting({
    name: 'MAIN_REGISTER',
    about: 'The register that the overview speaks of. Unset: the only one there is.',
    type: z.string().max(200).optional(),
    allowed: 'the name of a register, at most 200 characters',
    example: 'nyc-capital-projects',
  }),
};

const keeping = {
  commandsRetentionDays: daysSetting(
    'COMMANDS_RETENTION_DAYS',
    'How long an idempotency key is remembered; sent again later, a command is a new one.',
    30,
  ),
  parkedRetentionDays: daysSetting(
    'PARKED_RETENTION_DAYS',
    'How long a parked message that was released or discarded stays visible. What still waits is kept.',
    90,
  ),
};

const listening = (defaultPort: number) => ({
  port: setting({
    name: 'PORT',
    about: 'Where this process listens; 0 = any free port.',
    type: port.default(defaultPort),
    allowed: 'a whole number from 0 to 65535',
    example: String(defaultPort),
  }),
  host: setting({
    name: 'HOST',
    about: 'The address to listen on.',
    type: z
      .string()
      .regex(/^[A-Za-z0-9.:-]{1,253}$/)
      .default('127.0.0.1'),
    allowed: 'an address or a name of this machine; 0.0.0.0 = every address',
    example: '127.0.0.1',
  }),
  logLevel: setting({
    name: 'LOG_LEVEL',
    about: 'How much is logged.',
    type: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    allowed: 'fatal, error, warn, info, debug, trace or silent',
    example: 'info',
  }),
  metricsToken: metricsTokenSetting,
});

/** The settings that any app of the house has, gateway included. */
export const commonSettings = listening;

/** The settings of one service. `PORT` defaults to `defaultPort`; its database is `<NAME>_DATABASE_URL`. */
export function serviceSettings(name: string, defaultPort: number) {
  return {
    ...listening(defaultPort),
    databaseUrl: databaseSetting(`${name.toUpperCase()}_DATABASE_URL`, `The database of ${name}.`, name),
    principalKeys: principalKeysSetting,
    ...busSettings,
    ...keeping,
    ...office,
  };
}

/** What `serviceSettings` become. */
export type ServiceConfig = ConfigOf<ReturnType<typeof serviceSettings>>;
