import { Logger } from '@nestjs/common';
import { afterAll, beforeAll } from '@jest/globals';
import { describeLongRuns } from '../contract/queue/queue-contract.js';
import { IN_A_DIRECTORY, IN_MEMORY } from '../contract/queue/stored-engines.js';

// Handlers fail on purpose.
beforeAll(() => void Logger.overrideLogger(false));
afterAll(() => void Logger.overrideLogger(['log', 'error', 'warn']));

describeLongRuns(IN_A_DIRECTORY);
describeLongRuns(IN_MEMORY);
