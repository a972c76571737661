import path from 'node:path';
import { KEY_STORE_PASSWORD } from './certificates.ts';

/** One node of a cluster: a broker that also votes. */
export interface NodePlace {
  readonly id: number;
  /** For clients. */
  readonly port: number;
  readonly controllerPort: number;
}

/** Clients must prove who they are: TLS, SCRAM-SHA-512, ACLs. Certificates as `makeCertificates` lays them down. */
export interface Security {
  readonly certificates: string;
  readonly admin: { readonly username: string; readonly password: string };
}

const security = ({ certificates, admin }: Security): Record<string, string> => ({
  'sasl.enabled.mechanisms': 'SCRAM-SHA-512',
  'sasl.mechanism.inter.broker.protocol': 'SCRAM-SHA-512',
  'listener.name.clients.scram-sha-512.sasl.jaas.config':
    'org.apache.kafka.common.security.scram.ScramLoginModule required ' +
    `username="${admin.username}" password="${admin.password}";`,
  'ssl.keystore.type': 'PKCS12',
  'ssl.keystore.location': path.join(certificates, 'broker.p12'),
  'ssl.keystore.password': KEY_STORE_PASSWORD,
  'ssl.truststore.type': 'PEM',
  'ssl.truststore.location': path.join(certificates, 'ca.pem'),
  'listener.name.controller.ssl.client.auth': 'required',
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': `User:${admin.username};User:CN=broker`,
});

/** `server.properties` of one node. All of it listens on loopback only. */
export function nodeProperties(
  folder: string,
  node: NodePlace,
  nodes: readonly NodePlace[],
  secured: Security | undefined,
): string {
  const copies = String(Math.min(3, nodes.length));
  const least = String(nodes.length >= 3 ? 2 : 1);
  const protocols = secured ? 'CLIENTS:SASL_SSL,CONTROLLER:SSL' : 'CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT';
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': nodes.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(','),
    listeners: `CLIENTS://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
    'advertised.listeners': `CLIENTS://127.0.0.1:${node.port}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'CLIENTS',
    'listener.security.protocol.map': protocols,
    // A folder of its own: Kafka refuses strangers in it.
    'log.dirs': path.join(folder, 'log'),
    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'min.insync.replicas': least,
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': least,
    'share.coordinator.state.topic.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': least,
    'group.initial.rebalance.delay.ms': '0',
    // By default half of a small broker's memory.
    'log.cleaner.dedupe.buffer.size': '2097152',
    // A node that dies is noticed in 3 s: what is being published waits so long.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'controller.quorum.election.timeout.ms': '500',
    'controller.quorum.election.backoff.max.ms': '300',
    ...(secured && security(secured)),
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
