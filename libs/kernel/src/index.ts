export * from './cents.ts';
export * from './dates.ts';
export * from './decider.ts';
export * from './fact.ts';
export * from './ids.ts';
export * from './read-model.ts';
export * from './reported.ts';
export * from './upcast.ts';
