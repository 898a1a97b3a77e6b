import { describe } from '@jest/globals';
import { accountsContract } from './accounts.js';
import { addingContract } from './adding.js';
import { beginningContract } from './beginning.js';
import { engineContract } from './engine.js';
import type { EngineKind } from './engine-under-test.js';
import { failedJobsContract } from './failed-jobs.js';
import { deliveryContract } from './delivery.js';
import { failingHandlerContract, manyJobsContract } from './long-runs.js';
import { outcomeContract } from './outcomes.js';

/** What every engine owes to those who use `DurableQueue` and `QueueEngine`, with `describeLongRuns`. It asks nothing but that port. */
export function describeQueueEngine(kind: EngineKind): void {
  describe(`queues in ${kind.name}`, () => {
    describe('a job that is added', () => addingContract(kind));
    describe('a consumer', () => deliveryContract(kind));
    describe('a try', () => beginningContract(kind));
    describe('an outcome', () => outcomeContract(kind));
    describe('failed jobs', () => failedJobsContract(kind));
    describe('accounts of one engine', () => accountsContract(kind));
    describe('the engine', () => engineContract(kind));
  });
}

/** The part of it that takes seconds, for the soak tests. */
export function describeLongRuns(kind: EngineKind): void {
  describe(`queues in ${kind.name}`, () => {
    describe('a consumer', () => manyJobsContract(kind));
    describe('an outcome', () => failingHandlerContract(kind));
  });
}
