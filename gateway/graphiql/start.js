// Runs in the browser: GraphiQL over our own graph, the saved examples as its tabs on a first visit.
const { React, ReactDOM, GraphiQL } = globalThis;

const examples = async () => {
  const answer = await fetch('/graphiql/examples.json');
  return answer.ok ? answer.json() : [];
};

const start = async () => {
  const defaultTabs = (await examples()).map(({ query }) => ({ query }));
  const fetcher = GraphiQL.createFetcher({ url: '/graphql', enableIncrementalDelivery: false });
  const root = ReactDOM.createRoot(document.getElementById('explorer'));
  root.render(React.createElement(GraphiQL, { fetcher, defaultTabs, shouldPersistHeaders: false }));
};

start().catch((error) => {
  document.getElementById('explorer').textContent = `The explorer could not start: ${error}`;
});
