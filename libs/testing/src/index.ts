export * from './postgres.ts';
export * from './scenario.ts';
