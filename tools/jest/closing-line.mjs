function kafkaLine(skipped) {
  const { TEST_KAFKA_FROM: from, TEST_KAFKA_MISSING: missing } = process.env;
  if (from) return [`The Kafka lane ran on ${from}.`];
  if (!missing) return [];
  const how = 'set KAFKA_BROKERS, start Docker, or install Java 17 and Maven';
  return [`Not run here: ${skipped} tests that need a Kafka broker (${missing}). To run them, ${how}.`];
}

/** Says below Jest's own summary what was not run here and why, then the plain counts on a line of their own. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const lines = [...kafkaLine(results.numPendingTests), `${results.numPassedTests} passed, ${failed} failed`];
    // Jest writes its summary last, so these lines wait for the end of the process.
    process.once('exit', () => console.log(lines.join('\n')));
  }
}
