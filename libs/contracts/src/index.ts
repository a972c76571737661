export * from './contract.ts';
export * from './costs.ts';
export * from './envelope.ts';
export * from './fields.ts';
export * from './natural-ids.ts';
export * from './parse-envelope.ts';
export * from './projects.ts';
export * from './registry.ts';
