import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { createIORedisClient } from 'bullmq';
import { OurSmsConfigError } from 'nestjs-oursms';
import { bullMqEngine, type BullMqEngineOptions } from 'nestjs-oursms/bullmq';
import { rejection } from '../support/application.js';

const SECRET = 's3cret-pw';
const URL_TEXT = `redis://someone:${SECRET}@127.0.0.1:6379`;

/** What is thrown for options that TypeScript would refuse. */
function faultOf(options: unknown): OurSmsConfigError {
  try {
    bullMqEngine(options as BullMqEngineOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(OurSmsConfigError);
    expect(inspect(error, { depth: 10 })).not.toContain(SECRET);
    return error as OurSmsConfigError;
  }
  throw new Error('nothing was thrown');
}

const fieldsOf = (options: unknown): string[] => faultOf(options).faults.map(({ field }) => field);

describe('the options of bullMqEngine', () => {
  it('are validated when it is called: all faults at once, and without their values', () => {
    const error = faultOf({
      connection: URL_TEXT,
      prefix: '',
      spool: 42,
      leaseMs: 0.5,
      configKey: null,
      lease: SECRET,
    });
    const fields = error.faults.map(({ field }) => field);
    expect(fields.sort()).toEqual(['configKey', 'connection', 'lease', 'leaseMs', 'prefix', 'spool']);
    expect(error.message).toContain('connection: must be options: give a URL as connection: { url }');
  });

  it('must be an object', () => {
    for (const options of [URL_TEXT, 42, null, [], [URL_TEXT]]) expect(faultOf(options).faults).toEqual([]);
    expect(faultOf(URL_TEXT).message).toContain('{ connection: { url } }');
  });

  it('reject a connection that would silently lead to localhost', () => {
    for (const connection of [42, null, true, [], new URL(URL_TEXT), Symbol('x'), () => SECRET]) {
      expect(fieldsOf({ connection })).toEqual(['connection']);
    }
    for (const url of [
      undefined,
      '',
      42,
      'http://host',
      'host:6379',
      new URL(URL_TEXT),
      `redis://:${SECRET}/#x@host`,
    ]) {
      expect(fieldsOf({ connection: { url } })).toEqual(['connection.url']);
    }
    for (const port of [0, 1.5, NaN, 'x', 65_536, null]) {
      expect(fieldsOf({ connection: { port } })).toEqual(['connection.port']);
    }
    expect(fieldsOf({ connection: { host: '', path: 42 } })).toEqual(['connection.host', 'connection.path']);
  });

  it('show no part of a URL whose password is not escaped', async () => {
    for (const password of [
      `p@${SECRET}/x`,
      `${SECRET}/x`,
      `p@${SECRET}#x`,
      `p@${SECRET}?x`,
      `p\\${SECRET}`,
      `${SECRET} x`,
    ]) {
      for (const scheme of ['redis', 'rediss']) {
        const url = `${scheme}://:${password}@host:6379`;
        expect(fieldsOf({ connection: { url } })).toEqual(['connection.url']);
      }
    }
    for (const url of [
      'redis://h/zero',
      'redis://h/0/1',
      'redis:///0',
      'redis://h:6379 ',
      '\nredis://h',
      'redis://h/0\n',
    ]) {
      expect(fieldsOf({ connection: { url } })).toEqual(['connection.url']);
    }
    const client = new Redis(`redis://:p@${SECRET}/x@host`, { lazyConnect: true });
    expect(client.options.host).toBe(SECRET);
    expect(fieldsOf({ connection: client })).toEqual(['connection.db']);
    client.disconnect();
    for (const db of ['x@host', NaN, -1, 1.5]) expect(fieldsOf({ connection: { db } })).toEqual(['connection.db']);
  });

  it('reject a password that ends in a line break, as read from a file', () => {
    for (const name of ['username', 'password', 'sentinelUsername', 'sentinelPassword']) {
      const error = faultOf({ connection: { host: 'redis', [name]: `${SECRET}\n` } });
      expect(error.faults).toEqual([
        { field: `connection.${name}`, reason: 'ends in a line break, as a file does: remove it' },
      ]);
    }
  });

  it('reject clients of other libraries, and clusters', () => {
    const others = [
      { sendCommand: () => 0, isOpen: true, connect: () => 0, duplicate: () => 0, options: {} },
      { send: () => 0, connected: true },
      { connect: () => 0, duplicate: () => 0, defineCommand: () => 0, options: {} },
    ];
    for (const connection of others) expect(faultOf({ connection }).message).toContain('is not an ioredis client');
    const cluster = new Cluster([{ host: '127.0.0.1', port: 9 }], { lazyConnect: true });
    for (const connection of [cluster, { redisOptions: {} }]) {
      expect(faultOf({ connection }).message).toContain('is a Redis Cluster, which is not supported');
    }
    cluster.disconnect();
  });

  it('accept everything that BullMQ accepts: addresses, URLs, Sentinels and ioredis clients', () => {
    const client = new Redis({ lazyConnect: true });
    for (const connection of [
      ...[undefined, {}, { host: 'redis', port: '6379' }, { path: '/run/redis.sock' }, { url: URL_TEXT }],
      ...[
        { url: 'rediss://redis:6380/2', tls: {} },
        { url: `redis://:p@${SECRET}@redis` },
        { url: 'redis://[::1]:6379/0?family=6' },
        { url: 'redis://some.one:a%2Fb%23c@redis/', db: 0 },
        { host: 'redis', db: '3', username: null },
        { sentinels: [{ host: 'a' }], name: 'main' },
      ],
      ...[client, createIORedisClient(client)],
    ]) {
      expect(bullMqEngine({ connection })).toHaveProperty('openEngine');
    }
    expect(bullMqEngine()).toHaveProperty('openEngine');
    client.disconnect();
  });

  it('accept a lease of half a second to an hour', () => {
    for (const leaseMs of [500, 3_600_000]) expect(bullMqEngine({ leaseMs })).toHaveProperty('openEngine');
    for (const leaseMs of [499, 3_600_001, Infinity, '5000', null]) expect(fieldsOf({ leaseMs })).toEqual(['leaseMs']);
  });

  it('are validated in the BullModule as well, with its name in the error', async () => {
    const find = <T>(): T => ({ connection: URL_TEXT }) as T;
    const opening = bullMqEngine({ configKey: 'jobs' }).openEngine({ account: 'bulk', find });
    const error = await rejection(opening, OurSmsConfigError);
    expect(error.message).toContain(
      "bullMqEngine (account bulk), by BullModule.forRoot('jobs', …): connection: must be",
    );
    expect(inspect(error)).not.toContain(SECRET);
  });
});
