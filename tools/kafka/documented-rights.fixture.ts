import { readFile } from 'node:fs/promises';
import path from 'node:path';
import kafkajs from 'kafkajs';
import type { AclEntry } from 'kafkajs';
import { ROOT } from '../state/state-folder.ts';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
const GUIDE = path.join(ROOT, 'docs', 'operations', 'kafka.md');
const OPERATIONS: Readonly<Record<string, number>> = {
  Create: AclOperationTypes.CREATE,
  Write: AclOperationTypes.WRITE,
  Read: AclOperationTypes.READ,
  DescribeConfigs: AclOperationTypes.DESCRIBE_CONFIGS,
};

const given = (line: string, option: string): string[] =>
  [...line.matchAll(new RegExp(`--${option} (\\S+)`, 'g'))].map(([, value = '']) => value);

function rightsOf(line: string): AclEntry[] {
  const resources = [
    ...given(line, 'topic').map((name) => ({ resourceName: name, resourceType: AclResourceTypes.TOPIC })),
    ...given(line, 'group').map((name) => ({ resourceName: name, resourceType: AclResourceTypes.GROUP })),
  ];
  const prefixed = given(line, 'resource-pattern-type').includes('prefixed');
  return given(line, 'operation').flatMap((word) => {
    const operation = OPERATIONS[word];
    if (operation === undefined) throw new Error(`An operation that no spec knows: ${word}`);
    return resources.map((resource) => ({
      ...resource,
      operation,
      resourcePatternType: prefixed ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
      principal: given(line, 'allow-principal')[0] ?? '',
      host: '*',
      permissionType: AclPermissionTypes.ALLOW,
    }));
  });
}

/** The rights that the guide tells administrators to give with `kafka-acls.sh`. */
export async function documentedRights(): Promise<AclEntry[]> {
  const lines = (await readFile(GUIDE, 'utf8')).split('\n').filter((line) => line.includes('--allow-principal'));
  return lines.flatMap(rightsOf);
}
