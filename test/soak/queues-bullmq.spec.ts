import { describeInRedis } from '../contract/queue/bullmq-engine.js';
import { describeLongRuns } from '../contract/queue/queue-contract.js';

describeInRedis(describeLongRuns);
