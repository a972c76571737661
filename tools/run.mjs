#!/usr/bin/env node
// The one door of all npm scripts. Plain JavaScript, so that a wrong Node still gets an answer that helps.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const [major] = process.versions.node.split('.').map(Number);
if (major !== 24) {
  console.error(
    `Tongchou runs on Node 24, which npm brings with it; this is ${process.version}. ` +
      'Run npm ci (without --omit=optional) and start through npm: npm start, npm test. ' +
      'On a machine for which npm has no Node 24, install it from your system.',
  );
  process.exit(1);
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'test') {
  const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url));
  const flags = [
    '--conditions=@tongchou/source',
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    // kafkajs computes one timeout wrongly; Node takes 1 ms for it, which does no harm.
    '--disable-warning=TimeoutNegativeWarning',
  ];
  const { status } = spawnSync(process.execPath, [...flags, jest, ...rest], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
await import('./main.ts').then(({ main }) => main(command, rest));
