import { expect, it } from '@jest/globals';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folders = [...globSync('{libs,services}/*', { cwd: root }), 'gateway', 'tools'].filter((folder) =>
  existsSync(path.join(root, folder, 'package.json')),
);

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as Manifest;

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** What one import or re-export names; nothing for other statements, and for those that only take types. */
function specifierOf(statement: ts.Statement, types: boolean): string | undefined {
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return undefined;
  const typeOnly = ts.isImportDeclaration(statement) ? statement.importClause?.isTypeOnly : statement.isTypeOnly;
  if (typeOnly && !types) return undefined;
  const { moduleSpecifier } = statement;
  return moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
}

/** Packages that these files import at run time; `types` also those of which they only take types. */
function imported(pattern: string, ignored: (file: string) => boolean, types = false): Set<string> {
  const files = globSync(pattern, { cwd: root, exclude: (name) => /(^|\/)(node_modules|dist)$/.test(name) });
  const specifiers = files
    .filter((file) => !ignored(file))
    .map((file) => ts.createSourceFile(file, readFileSync(path.join(root, file), 'utf8'), ts.ScriptTarget.Latest))
    .flatMap((source) => source.statements.map((statement) => specifierOf(statement, types) ?? '.'));
  return new Set(specifiers.filter((name) => !name.startsWith('.') && !isBuiltin(name)).map(packageOf));
}

const forTests = (file: string): boolean => /\.(spec|fixture)\.ts$|\/test\/|^libs\/testing\//.test(file);

/** Loaded by name: NestJS picks its adapters and peers so, and the explorer's files are served as they are. */
const LOADED_BY_NAME = new Set([
  ...[
    '@apollo/subgraph',
    '@as-integrations/express5',
    '@nestjs/platform-express',
    'pino-http',
    'reflect-metadata',
    'rxjs',
  ],
  ...['graphiql', 'react', 'react-dom'],
]);

it.each(folders)('%s declares every package that it imports', (folder) => {
  const { dependencies = {}, devDependencies = {} } = manifest(folder);
  const ofRoot = manifest('.').devDependencies ?? {};
  const runs = imported(`${folder}/**/*.{ts,mjs}`, forTests);
  const tests = imported(`${folder}/**/*.{ts,mjs}`, (file) => !forTests(file));
  const isTools = folder === 'tools';
  expect(
    [...runs].filter((name) => !(name in dependencies) && !(isTools && (name in ofRoot || name in devDependencies))),
  ).toEqual([]);
  const known = { ...dependencies, ...devDependencies, ...ofRoot, '@tongchou/testing': '' };
  expect([...tests].filter((name) => !(name in known))).toEqual([]);
});

it.each(folders)('%s imports every package that it declares', (folder) => {
  const { dependencies = {} } = manifest(folder);
  const used = imported(`${folder}/**/*.{ts,mjs}`, () => false, true);
  expect(Object.keys(dependencies).filter((name) => !used.has(name) && !LOADED_BY_NAME.has(name))).toEqual([]);
});
