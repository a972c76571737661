export * from './bus.ts';
export * from './bus-transport.ts';
export * from './partition.ts';
