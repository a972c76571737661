import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Finding {
  readonly file: string;
  readonly rules: readonly string[];
}

/** Lints texts as if they stood in those files, in a process of its own, with the house's real configuration. */
function lint(texts: readonly { file: string; code: string }[]): Finding[] {
  const script = `
    import { ESLint } from 'eslint';
    const untyped = { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false, project: null } } };
    const typed = ['await-thenable', 'no-floating-promises', 'no-misused-promises', 'no-unnecessary-type-assertion', 'only-throw-error', 'switch-exhaustiveness-check'];
    untyped.rules = Object.fromEntries(typed.map((rule) => ['@typescript-eslint/' + rule, 'off']));
    const eslint = new ESLint({ cwd: ${JSON.stringify(root)}, overrideConfig: [untyped] });
    const findings = [];
    for (const { file, code } of JSON.parse(process.argv[1])) {
      const [result] = await eslint.lintText(code, { filePath: file });
      findings.push({ file, rules: result.messages.map((message) => message.ruleId ?? message.message) });
    }
    console.log(JSON.stringify(findings));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(texts)], {
    cwd: root,
  });
  return JSON.parse(output.toString()) as Finding[];
}

const imports = (specifier: string): string => `import { thing } from '${specifier}';\nexport const used = thing;\n`;

const REFUSED: readonly [file: string, specifier: string][] = [
  ['services/projects/src/domain/x.ts', '@nestjs/common'],
  ['services/projects/src/domain/x.ts', 'node:crypto'],
  ['services/projects/src/domain/x.ts', 'crypto'],
  ['services/projects/src/domain/x.ts', '@tongchou/contracts'],
  ['services/projects/src/domain/x.ts', '@tongchou/kernel-of-someone-else'],
  ['services/projects/src/domain/x.ts', '../application/commands.ts'],
  ['services/projects/src/domain/x.ts', '../../../costs/src/domain/cost-sheet.ts'],
  ['services/projects/src/domain/x.spec.ts', 'typeorm'],
  ['services/projects/src/read-models/x.ts', 'typeorm'],
  ['services/projects/src/read-models/x.ts', '../api/works.resolver.ts'],
  ['services/projects/src/application/x.ts', '@nestjs/common'],
  ['services/projects/src/application/x.ts', 'pg'],
  ['services/projects/src/infrastructure/x.ts', '../api/project.resolver.ts'],
  ['services/projects/src/api/x.resolver.ts', 'pg'],
  ['services/projects/src/api/x.resolver.ts', 'kafkajs'],
  ['services/projects/src/projects.module.ts', '@tongchou/costs'],
  ['services/projects/src/projects.module.ts', '../../costs/src/costs.module.ts'],
  ['services/projects/test/x.spec.ts', '../../../services/costs/src/config.ts'],
  ['gateway/src/x.ts', '../../services/projects/src/config.ts'],
  ['libs/kernel/src/x.ts', 'zod'],
  ['libs/kernel/src/x.ts', 'node:fs'],
  ['libs/contracts/src/x.ts', '@tongchou/event-store'],
  ['libs/event-store/src/x.ts', '@tongchou/messaging'],
  ['libs/event-store/src/x.ts', 'kafkajs'],
  ['libs/event-store/src/x.ts', '../../messaging/src/bus.ts'],
  ['libs/messaging/src/x.ts', '@tongchou/service-shell'],
  ['libs/service-shell/src/x.ts', '@tongchou/projects'],
];

const ALLOWED: readonly [file: string, specifier: string][] = [
  ['services/projects/src/domain/x.ts', '@tongchou/kernel'],
  ['services/projects/src/domain/x.ts', './project.ts'],
  ['services/projects/src/domain/x.spec.ts', '@tongchou/testing'],
  ['services/projects/src/read-models/x.ts', '../domain/project.ts'],
  ['services/projects/src/read-models/x.ts', '@tongchou/contracts'],
  ['services/projects/src/application/x.ts', '../domain/project.ts'],
  ['services/projects/src/infrastructure/x.ts', '@tongchou/event-store'],
  ['services/projects/src/api/x.resolver.ts', '@nestjs/graphql'],
  ['services/projects/src/projects.module.ts', './domain/project.ts'],
  ['services/projects/test/x.spec.ts', '../src/projects.module.ts'],
  ['libs/event-store/src/x.ts', 'pg'],
  ['libs/messaging/src/x.ts', '@tongchou/contracts'],
];

const IMPURE: readonly string[] = [
  `export const f = () => { throw new RangeError('no'); };`,
  `export const f = async () => { await Promise.resolve(); };`,
  `export const f = () => Date.now();`,
  `export const f = () => new Date();`,
  `export const f = () => Math.random();`,
  `export const f = () => process.env;`,
  `export const f = () => import('node:fs');`,
];

describe('the doors of the house', () => {
  const rule = 'no-restricted-imports';
  const cases = [...REFUSED, ...ALLOWED].map(([file, specifier]) => ({ file, code: imports(specifier) }));
  const found = lint(cases);

  it.each(REFUSED.map(([file, specifier], at) => [file, specifier, at] as const))(
    '%s refuses %s',
    (_file, _name, at) => {
      expect(found[at]?.rules).toContain(rule);
    },
  );

  it.each(ALLOWED.map(([file, specifier], at) => [file, specifier, at] as const))(
    '%s lets in %s',
    (_file, _name, at) => {
      expect(found[REFUSED.length + at]?.rules).not.toContain(rule);
    },
  );
});

describe('the domain', () => {
  const found = lint(IMPURE.map((code) => ({ file: 'services/projects/src/domain/x.ts', code })));

  it.each(IMPURE.map((code, at) => [code, at] as const))('refuses %s', (_code, at) => {
    expect(found[at]?.rules).toEqual(
      expect.arrayContaining([expect.stringMatching(/^no-restricted-(syntax|globals)$/)]),
    );
  });
});

describe('every spec', () => {
  it('runs: a skipped or focused one is refused', () => {
    const code = `import { it } from '@jest/globals';\nit.only('x', () => undefined);\nit.skip('y', () => undefined);\n`;
    const [finding] = lint([{ file: 'libs/kernel/src/x.spec.ts', code }]);
    expect(finding?.rules.filter((rule) => rule === 'no-restricted-properties')).toHaveLength(2);
  });
});
