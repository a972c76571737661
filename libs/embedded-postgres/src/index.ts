export { alive, passwordOf, postmasterPid, reachableDataDir, runningPostmaster } from './data-folder.ts';
export { folderElsewhere, isRoot, othersMayEnter, UNPRIVILEGED } from './identity.ts';
export * from './server.ts';
