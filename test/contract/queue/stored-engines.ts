import { join } from 'node:path';
import { StoredEngine } from '../../../lib/queue/stored-engine.js';
import { TestStorage } from '../../support/application.js';
import type { EngineKind } from './engine-under-test.js';

export const IN_A_DIRECTORY: EngineKind = {
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
};

export const IN_MEMORY: EngineKind = {
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
};
