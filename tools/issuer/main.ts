import { stateFolder } from '../state/state-folder.ts';
import { createIssuer } from './issuer.ts';
import { issuerFiles } from './issuer-files.ts';

if (process.env['NODE_ENV'] === 'production') {
  console.error('The demo issuer is not for production: whoever reads the state folder may be anybody.');
  process.exit(1);
}
const port = Number(process.env['PORT']);
const issuer = `http://127.0.0.1:${port}`;
const files = await issuerFiles(stateFolder(process.env['TONGCHOU_STATE']));
const server = createIssuer({ ...files, issuer });
server.listen(port, '127.0.0.1', () => console.log(`the demo issuer is ready at ${issuer}`));
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.closeAllConnections();
    server.close(() => process.exit(0));
  });
}
