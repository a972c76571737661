// Runs in the browser: how the explorer comes to the bearer token of its requests.
const KEPT_AS = 'tongchou-demo';
const RENEWED_BEFORE_MS = 60_000;

/** The secret of the demo as `npm start` prints it, `/graphiql#demo=SECRET`: kept for this tab, out of the address bar. */
export function takeSecret({ location, history, sessionStorage }) {
  const given = new URLSearchParams(location.hash.slice(1)).get('demo');
  if (given) {
    sessionStorage.setItem(KEPT_AS, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(KEPT_AS);
}

async function ask(issuer, secret, { role, district }) {
  const discovery = await fetch(`${issuer}/.well-known/openid-configuration`);
  const { token_endpoint: endpoint } = await discovery.json();
  const body = new URLSearchParams({ grant_type: 'client_credentials' });
  if (district) body.set('district', district);
  const authorization = `Basic ${btoa(`${encodeURIComponent(role)}:${secret}`)}`;
  const answer = await fetch(endpoint, { method: 'POST', headers: { authorization }, body });
  if (answer.status === 401) throw new Error('open the address that npm start prints; this one is of another city.');
  const { access_token: token, expires_in: livesS, error_description: why, error } = await answer.json();
  if (!answer.ok) throw new Error(why ?? error ?? `the demo issuer answers ${answer.status}`);
  return { token, until: Date.now() + livesS * 1_000 - RENEWED_BEFORE_MS };
}

/** Gives a token of the demo issuer for a role, the same until it is about to expire. */
export function demoTokens(issuer, secret, wanted) {
  let held = { token: '', until: 0 };
  return async () => {
    if (Date.now() >= held.until) held = await ask(issuer, secret, wanted);
    return held.token;
  };
}
