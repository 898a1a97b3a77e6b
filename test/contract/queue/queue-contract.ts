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

/** The contract of every engine, which uses nothing but `DurableQueue` and `QueueEngine`. `describeLongRuns` is a part of it. */
export function describeQueueEngine(kind: EngineKind): void {
  describe(`queues in ${kind.name}`, () => {
    describe('a queue to which jobs are added', () => addingContract(kind));
    describe('a consumer', () => deliveryContract(kind));
    describe('a queue whose handlers mark the start of an attempt', () => beginningContract(kind));
    describe('a queue whose handlers return outcomes', () => outcomeContract(kind));
    describe('a queue with failed jobs', () => failedJobsContract(kind));
    describe('accounts of one engine', () => accountsContract(kind));
    describe('the engine', () => engineContract(kind));
  });
}

/** The part of the contract that takes seconds, for the soak tests. */
export function describeLongRuns(kind: EngineKind): void {
  describe(`queues in ${kind.name}`, () => {
    describe('a consumer', () => manyJobsContract(kind));
    describe('a queue whose handlers fail', () => failingHandlerContract(kind));
  });
}
