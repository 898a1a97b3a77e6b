import { oneLine } from '../errors/one-line.js';
import { describeFaults, OurSmsConfigError } from '../errors/oursms-config.error.js';
import type { QueueEngine, QueueEngineContext } from '../queue/durable-queue.js';
import type { QueueEngineSource } from '../queue/queue-engine-source.js';
import { BullMqEngine } from './bull-mq-engine.js';
import type { BullMqEngineOptions } from './bull-mq-engine.options.js';
import { checkEngineOptions, connectionFaults, type EngineOptions } from './check-engine-options.js';
import { connectionLike } from './redis-connection.js';

/**
 * A value for the option `storage`: it stores the queues in Redis by BullMQ, for an application of several processes.
 *
 * @throws {OurSmsConfigError} that names every faulty option, and shows no value
 */
export function bullMqEngine(options: BullMqEngineOptions = {}): QueueEngineSource {
  const checked = checkEngineOptions(options);
  return { openEngine: (context) => open(checked, context) };
}

async function open(options: EngineOptions, context: QueueEngineContext): Promise<QueueEngine> {
  const connection = options.connection ?? (await connectionOfApplication(options.configKey, context));
  return BullMqEngine.open(connectionLike(connection), options, context);
}

async function connectionOfApplication(configKey: string | undefined, context: QueueEngineContext): Promise<object> {
  // An optional peer: it is loaded only where it is needed.
  const { getSharedConfigToken } = await import('@nestjs/bullmq');
  const { connection } = context.find<{ connection?: object }>(getSharedConfigToken(configKey)) ?? {};
  const call =
    configKey === undefined ? 'BullModule.forRoot({ connection })' : `BullModule.forRoot('${oneLine(configKey)}', …)`;
  const engine = `bullMqEngine (account ${context.account})`;
  if (!connection) {
    throw new OurSmsConfigError(
      `${engine}: it has no connection to Redis. Give it one (connection), or import ${call} of @nestjs/bullmq.`,
    );
  }
  const faults = connectionFaults(connection);
  if (faults.length > 0) throw new OurSmsConfigError(`${engine}, by ${call}: ${describeFaults(faults)}.`, faults);
  return connection;
}
