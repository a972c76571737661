import { readdir } from 'node:fs/promises';
import type * as Shell from '@tongchou/service-shell';

// Runs in a process of its own, on what was built: services have decorators, which Node cannot strip. It is started without
// the condition that leads to sources, and answers its pages as JSON on stdout.

const ROOT = new URL('../../', import.meta.url);

const built = async (path: string): Promise<Readonly<Record<string, unknown>>> => import(new URL(path, ROOT).href);

const shell = (await built('libs/service-shell/dist/index.js')) as unknown as typeof Shell;

async function serviceOf(name: string): Promise<{ parts: Shell.ServiceParts; settings: Shell.Settings }> {
  const { [name]: parts } = await built(`services/${name}/dist/${name}.module.js`);
  const { settings } = await built(`services/${name}/dist/config.js`);
  return { parts: parts as Shell.ServiceParts, settings: settings as Shell.Settings };
}

const names = (await readdir(new URL('services/', ROOT))).sort();
const services = await Promise.all(names.map(serviceOf));
const { gatewaySettings } = await built('gateway/dist/config.js');

/** Each setting once, by its name, whichever apps read it. */
const everySetting = new Map<string, Shell.Setting>();
for (const shape of [gatewaySettings as Shell.Settings, ...services.map(({ settings }) => settings)]) {
  for (const one of Object.values(shape)) if (!everySetting.has(one.name)) everySetting.set(one.name, one);
}

const pages = {
  'docs/errors.md': shell.errorCataloguePage(
    services.map(({ parts }) => ({ service: parts.name, aggregates: parts.aggregates })),
  ),
  '.env.example': shell.envExample(Object.fromEntries(everySetting)),
  ...Object.fromEntries(
    services.map(({ parts }) => [
      `docs/openapi/${parts.name}.json`,
      `${JSON.stringify(shell.bulkOpenApi(parts), null, 2)}\n`,
    ]),
  ),
};

console.log(JSON.stringify(pages));
