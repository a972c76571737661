import tseslint from 'typescript-eslint';

/**
 * The doors of the house, as data. `rooms`: which rooms of the same service a room may enter; `packages`: which packages
 * it may import (a trailing `/` allows the scope or sub-paths). Whatever is not listed is refused.
 */
const PURE = ['@tongchou/kernel'];
const CARRIES = [...PURE, '@tongchou/contracts'];
const NEST = ['@nestjs/', 'reflect-metadata', 'rxjs'];

export const SERVICE_ROOMS = {
  domain: { rooms: ['domain'], packages: PURE },
  'read-models': { rooms: ['domain', 'read-models'], packages: CARRIES },
  application: { rooms: ['domain', 'read-models', 'application'], packages: CARRIES },
  infrastructure: {
    rooms: ['domain', 'read-models', 'application', 'infrastructure'],
    packages: [...CARRIES, '@tongchou/event-store', '@tongchou/messaging', 'typeorm', 'zod', 'node:'],
  },
  api: {
    rooms: ['domain', 'read-models', 'application', 'infrastructure', 'api'],
    packages: [
      ...CARRIES,
      '@tongchou/access',
      '@tongchou/event-store',
      '@tongchou/service-shell',
      ...NEST,
      'graphql',
      'typeorm',
      'zod',
      'node:',
    ],
  },
};

export const LIBS = {
  kernel: [],
  contracts: ['@tongchou/kernel', 'zod', 'node:crypto'],
  'event-store': ['@tongchou/kernel', 'typeorm', 'pg', 'uuid', 'canonicalize', 'lru-cache', 'node:'],
  messaging: [
    ...['@tongchou/kernel', '@tongchou/contracts', '@tongchou/event-store', '@nestjs/common', '@nestjs/microservices'],
    ...['kafkajs', 'pg', 'rxjs', 'uuid', 'node:'],
  ],
  access: ['@tongchou/kernel', 'jose', 'zod', 'node:crypto'],
  'embedded-postgres': ['pg', 'node:'],
  'service-shell': [
    ...[
      '@tongchou/access',
      '@tongchou/kernel',
      '@tongchou/contracts',
      '@tongchou/event-store',
      '@tongchou/messaging',
      ...NEST,
    ],
    ...[
      '@apollo/',
      '@as-integrations/',
      'graphql',
      'nestjs-pino',
      'pino',
      'pino-http',
      '@opentelemetry/',
      'express',
      'typeorm',
      'zod',
      'node:',
    ],
  ],
  testing: [
    ...['@tongchou/kernel', '@tongchou/contracts', '@tongchou/event-store', '@tongchou/messaging'],
    ...[
      '@tongchou/access',
      '@tongchou/embedded-postgres',
      '@jest/globals',
      'fast-check',
      'graphql',
      'jose',
      'pg',
      'node:',
    ],
  ],
};

const IN_SPECS = ['@tongchou/testing', '@jest/globals', 'fast-check', 'pg', 'node:'];

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);
const exactly = (name) => (/[/:]$/.test(name) ? escaped(name) : `${escaped(name)}(?:/|$)`);

/** Refuses every import whose specifier does not begin with one of the allowed names or relative folders. */
function onlyFrom(files, allowed, says) {
  const pattern = allowed.length > 0 ? `^(?!${allowed.join('|')})` : '^';
  return {
    files,
    rules: { 'no-restricted-imports': ['error', { patterns: [{ regex: pattern, message: says }] }] },
  };
}

const SAME_FOLDER = String.raw`\./[^/]+$`;
const room = (name) => String.raw`\.\./${name}/[^/]+$`;

const roomRules = Object.entries(SERVICE_ROOMS).flatMap(([name, { rooms, packages }]) => {
  const inside = [SAME_FOLDER, ...rooms.map(room)];
  const says = `The room ${name} may enter only: ${[...rooms, ...packages].join(', ')}.`;
  return [
    onlyFrom([`services/*/src/${name}/*.ts`], [...inside, ...packages.map(exactly)], says),
    onlyFrom([`services/*/src/${name}/*.spec.ts`], [...inside, ...[...packages, ...IN_SPECS].map(exactly)], says),
  ];
});

const libRules = Object.entries(LIBS).flatMap(([name, packages]) => {
  const says = `The lib ${name} may import only: ${packages.join(', ') || 'nothing'}.`;
  return [
    onlyFrom([`libs/${name}/src/**/*.ts`], [SAME_FOLDER, ...packages.map(exactly)], says),
    onlyFrom(
      [`libs/${name}/src/**/*.spec.ts`, `libs/${name}/src/**/*.fixture.ts`],
      [SAME_FOLDER, ...[...packages, ...IN_SPECS, 'graphql', '@nestjs/'].map(exactly)],
      says,
    ),
  ];
});

const SIZES = {
  'max-lines': ['error', { max: 300 }],
  'max-lines-per-function': ['error', { max: 60 }],
  complexity: ['error', 12],
  'max-depth': ['error', 3],
  'max-params': ['error', 4],
};

const NEVER_SKIPPED = [
  'error',
  ...['only', 'skip', 'todo', 'failing'].map((property) => ({ property, message: 'A test runs or is deleted.' })),
];

const NOT_OURS = String.raw`(?!@tongchou/(?:projects|costs|funds|labor|gateway|tools)(?:/|$))[@a-z]`;
const NO_OTHERS = 'A service or the gateway never imports another one: contracts and the bus are the only way.';

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '.nx/', '.tongchou/', '**/*.generated.ts'] },
  {
    files: ['**/*.ts'],
    plugins: { '@typescript-eslint': tseslint.plugin },
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      ...SIZES,
      eqeqeq: 'error',
      'no-console': 'error',
      'prefer-const': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  {
    files: ['services/*/src/{domain,read-models}/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: 'ThrowStatement', message: 'A pure room answers with values; it does not throw.' },
        { selector: 'AwaitExpression', message: 'A pure room does not wait.' },
        { selector: 'ImportExpression', message: 'A pure room imports by its doors only.' },
        {
          selector: "MemberExpression[object.name='Math'][property.name='random']",
          message: 'No randomness here: it comes with the command.',
        },
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: 'No clock here: time comes with the command.',
        },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'No clock here: time comes with the command.',
        },
      ],
      'no-restricted-globals': [
        'error',
        'process',
        'setTimeout',
        'setInterval',
        'fetch',
        'console',
        'performance',
        'crypto',
      ],
    },
  },
  ...roomRules,
  ...libRules,
  onlyFrom(['services/*/src/*.ts'], [String.raw`\./`, NOT_OURS], NO_OTHERS),
  onlyFrom(['services/*/test/**/*.ts'], [String.raw`\./`, String.raw`\.\./src/`, NOT_OURS], NO_OTHERS),
  onlyFrom(
    ['gateway/{src,test}/**/*.ts'],
    [String.raw`(?:\./|\.\./)+(?!.*(?:services|libs|tools)/)`, NOT_OURS],
    NO_OTHERS,
  ),
  { files: ['tools/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.spec.ts', '**/test/**/*.ts', 'libs/testing/src/*-suite.ts'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'no-restricted-properties': NEVER_SKIPPED,
      '@typescript-eslint/no-floating-promises': 'off',
    },
  },
);
