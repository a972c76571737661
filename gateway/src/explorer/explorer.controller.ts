import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { Controller, Get, Inject, NotFoundException, Param, Res } from '@nestjs/common';
import { ROLES } from '@tongchou/access';

const PAGE = fileURLToPath(new URL('../../graphiql/', import.meta.url));
const packageFile = (name: string, file: string): string =>
  join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), file);

const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** Everything that the page loads, from npm packages and from the folder beside this one: nothing comes from elsewhere. */
const FILES: ReadonlyMap<string, { readonly path: string; readonly type: string }> = new Map([
  ['react.js', { path: packageFile('react', 'umd/react.production.min.js'), type: SCRIPT }],
  ['react-dom.js', { path: packageFile('react-dom', 'umd/react-dom.production.min.js'), type: SCRIPT }],
  ['graphiql.js', { path: packageFile('graphiql', 'graphiql.min.js'), type: SCRIPT }],
  ['graphiql.css', { path: packageFile('graphiql', 'graphiql.min.css'), type: STYLE }],
  ['start.js', { path: join(PAGE, 'start.js'), type: SCRIPT }],
  ['sign-in.js', { path: join(PAGE, 'sign-in.js'), type: SCRIPT }],
  ['page.css', { path: join(PAGE, 'page.css'), type: STYLE }],
]);

/** Only our own scripts run, and ask ourselves and a demo's issuer. GraphiQL sets styles on elements, and its fonts and pictures stand in its style sheet. */
const policy = (issuer: string | undefined): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    `connect-src 'self'${issuer === undefined ? '' : ` ${new URL(issuer).origin}`}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** An example operation as the explorer opens it. */
export interface Example {
  readonly title: string;
  readonly query: string;
}

/** The saved examples, in the order of their files' names. */
export async function examples(): Promise<readonly Example[]> {
  const folder = join(PAGE, 'examples');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).sort();
  return Promise.all(
    files.map(async (name) => ({
      title: name
        .replace(/^\d+-/, '')
        .replace(/\.graphql$/, '')
        .replaceAll('-', ' '),
      query: await readFile(join(folder, name), 'utf8'),
    })),
  );
}

/** The issuer of a demo, for the page's choice of roles; `undefined` elsewhere. */
export const EXPLORED = Symbol('explored issuer');

/** GraphiQL, served by ourselves: it works without a network and opens with the examples as tabs. */
@Controller('graphiql')
export class ExplorerController {
  private readonly policy: string;

  constructor(@Inject(EXPLORED) private readonly issuer: string | undefined) {
    this.policy = policy(issuer);
  }

  @Get()
  page(@Res() response: ServerResponse): Promise<void> {
    return this.send(response, join(PAGE, 'page.html'), 'text/html; charset=utf-8');
  }

  /** Where the page gets tokens of a role, in a demo alone. */
  @Get('access.json')
  access(): object {
    const roles = Object.entries(ROLES).map(([role, { zh }]) => ({ role, zh }));
    return this.issuer === undefined ? { roles: [] } : { issuer: this.issuer, roles };
  }

  @Get('examples.json')
  examples(): Promise<readonly Example[]> {
    return examples();
  }

  @Get(':file')
  file(@Param('file') name: string, @Res() response: ServerResponse): Promise<void> {
    const file = FILES.get(name);
    if (!file) throw new NotFoundException(`The explorer has no file of this name.`);
    return this.send(response, file.path, file.type);
  }

  private async send(response: ServerResponse, path: string, type: string): Promise<void> {
    response.writeHead(200, {
      'content-type': type,
      'content-security-policy': this.policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
    await pipeline(createReadStream(path), response).catch(() => response.destroy());
  }
}
