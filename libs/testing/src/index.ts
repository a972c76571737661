export * from './postgres.ts';
export * from './scenario.ts';
export * from './golden.ts';
export * from './eventually.ts';
export * from './ready.ts';
export * from './facts.ts';
export * from './commutes.ts';
export * from './kafka.ts';
