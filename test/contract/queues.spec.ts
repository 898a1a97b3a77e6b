import { Logger } from '@nestjs/common';
import { afterAll, beforeAll } from '@jest/globals';
import { describeQueueEngine } from './queue/queue-contract.js';
import { IN_A_DIRECTORY, IN_MEMORY } from './queue/stored-engines.js';

// Handlers fail on purpose.
beforeAll(() => void Logger.overrideLogger(false));
afterAll(() => void Logger.overrideLogger(['log', 'error', 'warn']));

describeQueueEngine(IN_A_DIRECTORY);
describeQueueEngine(IN_MEMORY);
