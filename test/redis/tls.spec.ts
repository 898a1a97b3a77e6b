import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeEach, expect, it } from '@jest/globals';
import type { BullMqEngineOptions } from 'nestjs-oursms/bullmq';
import { OurSmsStorageError } from '../../lib/errors/oursms-storage.error.js';
import { rejection, TestStorage } from '../support/application.js';
import { RedisBench } from '../support/redis-bench.js';
import { describeWithOwnRedis } from '../support/redis-at-hand.js';
import type { TestRedis } from '../support/redis.js';
import { endWhatIsLeft } from '../support/what-is-left.js';

const run = promisify(execFile);
/** It makes the certificates. */
const itWithOpenssl = await run('openssl', ['version']).then(
  () => it,
  () => it.skip,
);

/** A server on a free port, which speaks no TLS. */
async function listen(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).end('-ERR what?\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describeWithOwnRedis('a Redis that speaks TLS', () => {
  const bench = RedisBench.forEach();
  let place: TestStorage;
  let port: number;
  let ca: string;
  beforeEach(async () => {
    place = await TestStorage.make();
    const server = await listen();
    ({ port } = server.address() as AddressInfo);
    server.close();
    await once(server, 'close');
  });
  afterEach(() => place.remove());

  /** @param clients Whether clients need a certificate of their own. */
  async function start(clients: 'yes' | 'no' = 'no'): Promise<TestRedis> {
    const [key, certificate] = [join(place.path, 'key.pem'), join(place.path, 'certificate.pem')];
    const about = ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', key, '-out', certificate];
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...about]);
    ca = await readFile(certificate, 'utf8');
    const server = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate];
    return bench.redis('--tls-port', String(port), ...server, '--tls-auth-clients', clients);
  }

  async function faultOf(redis: TestRedis, connection: BullMqEngineOptions['connection']): Promise<string> {
    const engine = await bench.open(redis, { connection });
    const error = await rejection(engine.note('a', 'b'), OurSmsStorageError);
    expect(error).toMatchObject({ fault: 'unreachable', retryable: true });
    return error.message;
  }

  itWithOpenssl('is used when its certificate is trusted', async () => {
    const redis = await start();
    for (const connection of [
      { host: 'localhost', port, tls: { ca } },
      { url: `rediss://localhost:${port}`, tls: { ca } },
      { host: '127.0.0.1', port, tls: { ca, servername: 'localhost' } },
    ]) {
      await bench.untilAnswers(await bench.open(redis, { connection }));
    }
    expect(bench.logs.lines).toEqual([]);
  });

  itWithOpenssl('with a faulty certificate is reported with the fault, and with advice', async () => {
    const redis = await start();
    const untrusted = await faultOf(redis, { url: `rediss://localhost:${port}` });
    expect(untrusted).toMatch(
      /not trusted: set tls\.ca to the certificate of its authority.* \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    );
    const misnamed = await faultOf(redis, { host: '127.0.0.1', port, tls: { ca } });
    expect(misnamed).toMatch(/for another name.*tls\.servername.* \(ERR_TLS_CERT_ALTNAME_INVALID\)/);
  });

  itWithOpenssl('that requires a client certificate is reported', async () => {
    const redis = await start('yes');
    const refused = await faultOf(redis, { host: 'localhost', port, tls: { ca, maxVersion: 'TLSv1.2' } });
    expect(refused).toMatch(/requires a client certificate, .*: set tls\.cert and tls\.key/);
  });

  itWithOpenssl('is distinguished from a server without TLS', async () => {
    const server = await listen();
    const { port: plain } = server.address() as AddressInfo;
    const confused = await faultOf(await start(), { host: '127.0.0.1', port: plain, tls: { ca } });
    expect(confused).toMatch(/does not use TLS on this port: leave out tls/);
    server.close();
  });
});

afterAll(endWhatIsLeft);
