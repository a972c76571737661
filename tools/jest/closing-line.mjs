/** Says below Jest's own summary what was not run here and why, then the plain counts on a line of their own. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    // Jest writes its summary last, so these lines wait for the end of the process.
    process.once('exit', () => {
      console.log('Not run here: the Kafka lane, which comes with the Kafka adapter.');
      console.log(`${results.numPassedTests} passed, ${failed} failed`);
    });
  }
}
