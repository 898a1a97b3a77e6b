import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll } from '@jest/globals';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { TestStorage } from '../support/application.js';
import { describeQueueEngine } from './queue/queue-contract.js';

// Handlers fail on purpose.
beforeAll(() => void Logger.overrideLogger(false));
afterAll(() => void Logger.overrideLogger(['log', 'error', 'warn']));

describeQueueEngine({
  name: 'a directory',
  isDurable: true,
  start: async () => {
    const storage = await TestStorage.make();
    const path = join(storage.path, 'default');
    let engine = await StoredEngine.inDirectory(path);
    return {
      get engine() {
        return engine;
      },
      reopen: async () => {
        await engine.close();
        engine = await StoredEngine.inDirectory(path);
      },
      remove: async () => {
        await engine.close();
        await storage.remove();
      },
    };
  },
});

describeQueueEngine({
  name: 'memory',
  isDurable: false,
  start: () => {
    const engine = StoredEngine.inMemory();
    return Promise.resolve({
      engine,
      reopen: () => Promise.reject(new Error('memory keeps nothing')),
      remove: () => engine.close(),
    });
  },
});
