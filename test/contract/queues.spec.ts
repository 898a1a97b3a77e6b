import { join } from 'node:path';
import { StoredEngine } from '../../lib/queue/stored-engine.js';
import { TestStorage } from '../support/application.js';
import { describeQueueEngine } from './queue/queue-contract.js';

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
