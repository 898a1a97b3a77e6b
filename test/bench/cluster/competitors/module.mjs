import { Campaigns, DlrInbox } from '../../../../dist/index.js';
import { bullMqEngine } from '../../../../dist/bullmq/index.js';
import { CONCURRENCY, MESSAGE, recipients } from '../../campaign/the-campaign.mjs';
import { CountingListener, POLL, startApplication } from '../../inbox/application.mjs';

/** Between two looks at a gateway that has nothing. */
const POLL_MS = 50;

/** The whole module, as one of several instances on a Redis, or alone with a directory. */
export async function open(baseUrl, { connection, path }) {
  const storage = connection === undefined ? { path } : bullMqEngine({ connection, prefix: '{bench}' });
  // One is left to single messages.
  const http = { maxConnections: CONCURRENCY + 1 };
  const app = await startApplication(baseUrl, { storage, http, dlr: { poll: { ...POLL, everyMs: POLL_MS } } });
  const inbox = app.get(DlrInbox);
  await inbox.pause();
  const campaigns = app.get(Campaigns);
  return {
    listener: app.get(CountingListener),
    begin: () => inbox.resume(),
    rest: () => inbox.pause(),
    async send(id, count) {
      const plan = { id, message: MESSAGE, recipients: recipients(count), concurrency: CONCURRENCY };
      const { sent } = await (await campaigns.start(plan)).done;
      if (sent !== count) throw new Error(`${sent} of ${count} were sent`);
    },
    async forget(id) {
      await campaigns.remove(id);
    },
    close: () => app.close(),
  };
}
