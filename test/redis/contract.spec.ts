import { describeInRedis } from '../contract/queue/bullmq-engine.js';
import { describeQueueEngine } from '../contract/queue/queue-contract.js';

describeInRedis(describeQueueEngine);
