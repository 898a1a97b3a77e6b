import { describeInRedis } from './queue/bullmq-engine.js';
import { describeQueueEngine } from './queue/queue-contract.js';

describeInRedis(describeQueueEngine);
