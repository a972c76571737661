export * from './define-commands.ts';
export * from './service-parts.ts';
