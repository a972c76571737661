import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../contracts/golden', import.meta.url));
const NAME = /^([A-Za-z0-9]+)\.v([1-9]\d*)\.json$/;

/** One event as it was once written, kept for ever: what every later version of the code must still be able to read. */
export interface Golden {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
}

/** All golden events of a service, of every type and version. */
export function goldenOf(service: string): Golden[] {
  return readdirSync(`${FOLDER}/${service}`).map((file) => {
    const [, type = '', version = ''] = NAME.exec(file) ?? [];
    if (!type) throw new Error(`golden/${service}/${file} is not called <Type>.v<N>.json`);
    const data: object = JSON.parse(readFileSync(`${FOLDER}/${service}/${file}`, 'utf8'));
    return { type, schemaVersion: Number(version), data };
  });
}
