import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commonSettings, defineConfig, setting, type ConfigOf, type Setting } from '@tongchou/service-shell';
import { z } from 'zod';
import { accessFaults, accessSettings } from './access/access-settings.ts';

const SUPERGRAPH = fileURLToPath(new URL('../../docs/supergraph.graphql', import.meta.url));
const MAX_INSTANCES = 16;

/** `http://host:port`, nothing behind it: what stands there is the gateway's to say. */
const origin = z.string().refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
});

const list = (text: string): string[] => text.split(',').map((part) => part.trim());

const origins = (max: number) => z.string().transform(list).pipe(z.array(origin).min(1).max(max));

const serviceUrl = (name: string, service: string, port: number) =>
  setting({
    name,
    about: `Where ${service} answers; several instances with commas between, calls go round among them.`,
    type: origins(MAX_INSTANCES).default([`http://127.0.0.1:${port}`]),
    allowed: `1 to ${MAX_INSTANCES} origins (http://HOST:PORT, no path, no slash) with commas between`,
    example: `http://127.0.0.1:${port}`,
  });

/** The settings of the gateway. */
export const gatewaySettings = {
  ...commonSettings(4000),
  projectsUrls: serviceUrl('PROJECTS_URL', 'projects', 4001),
  costsUrls: serviceUrl('COSTS_URL', 'costs', 4002),
  supergraph: setting({
    name: 'SUPERGRAPH',
    about: 'The file of the composed supergraph; watched, a change is served within two seconds.',
    type: z.string().default(SUPERGRAPH).refine(existsSync),
    allowed: 'the path of an existing file; npm run docs prints it',
    example: 'docs/supergraph.graphql',
  }),
  corsOrigins: setting({
    name: 'CORS_ORIGINS',
    about: 'Web pages of these origins may ask. Unset: none but our own.',
    type: origins(64).default([]),
    allowed: 'origins (https://HOST[:PORT]) with commas between, no *',
    example: 'https://map.example.org',
  }),
  ...accessSettings,
} satisfies Readonly<Record<string, Setting>>;

/** What `gatewaySettings` become. */
export type GatewayConfig = ConfigOf<typeof gatewaySettings>;

/** The gateway's settings of an environment. Throws `ConfigFaults` with all of them listed. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): GatewayConfig {
  const isProduction = env['NODE_ENV'] === 'production';
  return defineConfig(gatewaySettings, env, (config) => (isProduction ? accessFaults(config) : []));
}
