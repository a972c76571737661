export * from './postgres.ts';
export * from './scenario.ts';
export * from './golden.ts';
