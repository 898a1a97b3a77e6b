import { OurSmsConfigError } from '../errors/oursms-config.error.js';
import type { QueueEngine, QueueEngineContext, QueueEngineSource } from '../queue/durable-queue.js';
import { BullMqEngine } from './bull-mq-engine.js';
import type { BullMqEngineOptions } from './bull-mq-engine.options.js';
import { connectionLike } from './redis-connection.js';

const DEFAULT_PREFIX = 'oursms';
const DEFAULT_LEASE_MS = 5_000;
/** Below, a process that collects garbage would be given up. */
const SHORTEST_LEASE_MS = 500;

/**
 * Keeps the queues in Redis, by BullMQ: for an application of several processes. The value of the option `storage`.
 *
 * @throws {OurSmsConfigError} when an option cannot be what it is
 */
export function bullMqEngine(options: BullMqEngineOptions = {}): QueueEngineSource {
  const { prefix = DEFAULT_PREFIX, leaseMs = DEFAULT_LEASE_MS } = options;
  if (typeof prefix !== 'string' || prefix === '') {
    throw new OurSmsConfigError('bullMqEngine: prefix must be a text that is not empty.');
  }
  if (!Number.isInteger(leaseMs) || leaseMs < SHORTEST_LEASE_MS) {
    throw new OurSmsConfigError(`bullMqEngine: leaseMs must be an integer of ${SHORTEST_LEASE_MS} or more.`);
  }
  return { openEngine: (context) => open({ ...options, prefix, leaseMs }, context) };
}

type CheckedOptions = BullMqEngineOptions & { prefix: string; leaseMs: number };

async function open(options: CheckedOptions, context: QueueEngineContext): Promise<QueueEngine> {
  const { prefix, leaseMs, spool, configKey } = options;
  const connection = options.connection ?? (await connectionOfApplication(configKey, context));
  return BullMqEngine.open({ ...connectionLike(connection), account: context.account, prefix, leaseMs, spool });
}

async function connectionOfApplication(configKey: string | undefined, context: QueueEngineContext): Promise<object> {
  // Loaded for those who use it.
  const { getSharedConfigToken } = await import('@nestjs/bullmq');
  const shared = context.find<{ connection?: object }>(getSharedConfigToken(configKey));
  if (shared?.connection) return shared.connection;
  const call = configKey === undefined ? 'BullModule.forRoot({ connection })' : `BullModule.forRoot('${configKey}', …)`;
  throw new OurSmsConfigError(
    `bullMqEngine (account ${context.account}): it has no connection to Redis. Give it one (connection), or import ${call} of @nestjs/bullmq.`,
  );
}
