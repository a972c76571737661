import { describe, xdescribe } from '@jest/globals';
import { reasonOf } from '../state/problem.ts';
import { javaCommand, kafkaClassPath } from './jars.ts';

async function whyNone(): Promise<string | undefined> {
  const { TEST_KAFKA_MISSING: missing } = process.env;
  if (missing !== undefined) return missing;
  try {
    await javaCommand();
    await kafkaClassPath();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

const missing = await whyNone();

/** Like `describe`, for what needs nodes of its own, whichever broker the run uses. Without Java these tests are not run. */
export function describeNodes(words: string, tests: () => void): void {
  if (missing === undefined) return void describe(words, tests);
  console.log(`Not run here: "${words}" starts Kafka nodes of its own. ${missing}`);
  xdescribe(words, tests);
}
