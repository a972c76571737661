export { isRoot, othersMayEnter, UNPRIVILEGED } from './binaries.ts';
export * from './server.ts';
