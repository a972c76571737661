export * from './bus.ts';
export * from './bus-transport.ts';
export * from './partition.ts';
export { openPostgresBus } from './postgres-bus.ts';
export type { PostgresBusOptions } from './postgres-bus.ts';
