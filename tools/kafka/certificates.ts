import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { there } from '../state/state-folder.ts';
import { javaCommand } from './jars.ts';

const run = promisify(execFile);

/** Opens the key stores of a cluster on this machine; what guards them is their folder. */
export const KEY_STORE_PASSWORD = 'only-on-this-machine';

const STARTS_FAST = ['-J-XX:TieredStopAtLevel=1', '-J-XX:+UseSerialGC'];
const KEY = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '30'];
const SERVES = ['-ext', 'san=dns:localhost,ip:127.0.0.1', '-ext', 'eku=serverAuth,clientAuth'];

/**
 * Makes an authority of its own, and the brokers' key that it signs, for 127.0.0.1 and localhost, by Java's keytool. A
 * folder that has them keeps them. Answers the authority's certificate in PEM, which clients trust.
 *
 * @throws Problem without Java.
 */
export async function makeCertificates(folder: string): Promise<string> {
  const certificate = path.join(folder, 'ca.pem');
  if (!(await there(certificate))) await make(folder, certificate);
  return readFile(certificate, 'utf8');
}

async function make(folder: string, certificate: string): Promise<void> {
  const java = await javaCommand();
  const keytool = java === 'java' ? 'keytool' : path.join(path.dirname(java), 'keytool');
  const authority = path.join(folder, 'ca.p12');
  const store = [...STARTS_FAST, '-storetype', 'PKCS12', '-storepass', KEY_STORE_PASSWORD, '-keystore', authority];
  const makeKey = ['-genkeypair', ...KEY, ...store];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await run(keytool, [...makeKey, '-alias', 'ca', '-dname', 'CN=Tongchou', '-ext', 'bc:c']);
  await run(keytool, [...makeKey, '-alias', 'broker', '-dname', 'CN=broker', '-signer', 'ca', ...SERVES]);
  // A broker's key store holds no other key than its own.
  await run(keytool, [
    ...['-importkeystore', '-srckeystore', authority, '-srcstorepass', KEY_STORE_PASSWORD, '-srcalias', 'broker'],
    ...['-destkeystore', path.join(folder, 'broker.p12'), '-deststoretype', 'PKCS12'],
    ...['-deststorepass', KEY_STORE_PASSWORD, ...STARTS_FAST],
  ]);
  await run(keytool, ['-exportcert', '-rfc', '-alias', 'ca', '-file', certificate, ...store]);
}
