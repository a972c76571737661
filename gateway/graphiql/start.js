// Runs in the browser: GraphiQL over our own graph, the saved examples as its tabs on a first visit, once somebody asks.
import { demoTokens, takeSecret } from '/graphiql/sign-in.js';

const { React, ReactDOM, GraphiQL } = globalThis;
const form = document.getElementById('who');
const explorer = document.getElementById('explorer');
const json = async (file) => (await fetch(`/graphiql/${file}`)).json();

const PROBE = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"query":"{ __typename }"}',
};

let tokenNow = async () => '';
let shown = false;

const fetchAs = async (url, init) =>
  fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${await tokenNow()}` } });

const show = async () => {
  if (shown) return;
  shown = true;
  const defaultTabs = (await json('examples.json')).map(({ query }) => ({ query }));
  const fetcher = GraphiQL.createFetcher({ url: '/graphql', enableIncrementalDelivery: false, fetch: fetchAs });
  const root = ReactDOM.createRoot(explorer);
  root.render(React.createElement(GraphiQL, { fetcher, defaultTabs, shouldPersistHeaders: false }));
};

const say = (text) => {
  form.querySelector('output').textContent = text;
};

const start = async () => {
  const { issuer, roles } = await json('access.json');
  const secret = issuer && takeSecret(globalThis);
  form.dataset.by = secret ? 'demo' : 'token';
  form.role.append(...roles.map(({ role, zh }) => new Option(`${role} ${zh}`, role)));

  const become = async () => {
    const { role, district, token } = form;
    const wanted = { role: role.value, district: district.value.trim() };
    const pasted = token.value.trim();
    tokenNow = secret ? demoTokens(issuer, secret, wanted) : async () => pasted;
    if (!(await tokenNow()))
      return say(issuer ? 'Paste a token, or open the address that npm start prints.' : 'Paste a token.');
    if ((await fetchAs('/graphql', PROBE)).status === 401) return say('The gateway does not take this token.');
    say(secret ? `asks as ${wanted.role}${wanted.district && `, ${wanted.district}`}` : 'asks with this token');
    await show();
  };
  const tried = () => become().catch((error) => say(`No token: ${error.message}`));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void tried();
  });
  form.role.addEventListener('change', tried);
  await tried();
};

// The same page, opened anew with a secret, does not load by itself.
globalThis.addEventListener('hashchange', () => location.reload());
start().catch((error) => say(`The explorer could not start: ${error}`));
