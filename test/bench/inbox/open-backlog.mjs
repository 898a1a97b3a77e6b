/** Starts an application on a store, with listeners that never come to an end, and says what that took. */
import { CountingListener, POLL, startApplication } from './application.mjs';
import { settledMemory } from './settled-memory.mjs';

const [baseUrl, path] = process.argv.slice(2);
const listener = new CountingListener();
listener.onReport = () => new Promise(() => undefined);
const options = { storage: { path }, dlr: { poll: POLL, shutdownTimeoutMs: 0 } };

const start = performance.now();
const app = await startApplication(baseUrl, options, listener);
const ms = performance.now() - start;
process.send({ ms, ...settledMemory() });
process.on('disconnect', () => app.close());
