import { expect, it } from '@jest/globals';
import { ChunkSender } from '../../lib/campaigns/run/chunk-sender.js';
import type { CampaignRecord } from '../../lib/campaigns/store/campaign-record.js';
import { OurSmsConnectionError } from '../../lib/errors/oursms-connection.error.js';
import { OurSmsStorageError } from '../../lib/errors/oursms-storage.error.js';
import type { GatewayClient } from '../../lib/gateway/gateway-client.js';
import { Turns, type TurnSource } from '../../lib/sending/turns.js';
import { SILENT_TELEMETRY } from '../../lib/telemetry/silent-telemetry.js';

const DETAILS = { outcome: 'notSent', retryable: true, code: 'ECONNREFUSED' } as const;

/** Sends a request of a campaign to a gateway that cannot be reached. */
function sendWith(turns: TurnSource): ReturnType<ChunkSender['send']> {
  const refused = new OurSmsConnectionError('the gateway could not be reached', DETAILS);
  const gateway = { send: () => Promise.reject(refused) } as unknown as GatewayClient;
  const retry = { attempts: 1, delayMs: 1, deadlineMs: 1_000, unknownOutcome: 'never', timeoutMs: 10 } as const;
  const policy = { account: 'default', country: 'SA', defaults: {} } as const;
  const sender = new ChunkSender(gateway, policy, retry, SILENT_TELEMETRY);
  return sender.send({
    record: { id: 'sale', message: { src: 'MyBrand', body: 'hello' } } as CampaignRecord,
    chunk: { dests: ['966501234567'] },
    turns,
    storeTime: () => Promise.resolve(undefined),
    mayLeave: () => true,
    atWork: () => Promise.resolve(),
    stopping: new AbortController().signal,
  });
}

it('a request that the gateway does not accept counts as a fault of the gateway', async () => {
  expect(await sendWith(new Turns().bulk)).toMatchObject({ kind: 'later', met: { kind: 'failed' } });
});

it('a request that gets no slot from the store is sent later, and does not count as a fault of the gateway', async () => {
  const turns = {
    next: () => Promise.reject(new OurSmsStorageError('Redis does not answer.', { fault: 'unreachable' })),
  };
  const outcome = await sendWith(turns);
  expect(outcome).toMatchObject({ kind: 'later', why: 'Redis does not answer.' });
  expect(outcome.met).toBeUndefined();
});
