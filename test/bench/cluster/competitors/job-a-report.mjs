import { EventEmitter2 } from '@nestjs/event-emitter';
import { Queue, Worker } from 'bullmq';
import { setTimeout as wait } from 'node:timers/promises';
import { OurSmsService } from '../../../../dist/index.js';
import { CountingListener, startApplication } from '../../inbox/application.mjs';
import { PAGE } from '../../inbox/reports.mjs';

const CONCURRENCY = 50;
const POLL_MS = 50;

/** BullMQ as it is often used: a job for each report, added as soon as it was downloaded. */
export async function open(baseUrl, { connection }) {
  const app = await startApplication(baseUrl, {});
  const emitter = app.get(EventEmitter2);
  const queue = new Queue('reports', { connection, defaultJobOptions: { removeOnComplete: true } });
  const handle = ({ data }) => emitter.emitAsync('oursms.dlr', data);
  const worker = new Worker('reports', handle, { connection, concurrency: CONCURRENCY });
  await worker.waitUntilReady();
  let isRunning = false;
  const poll = async () => {
    while (isRunning) {
      const dlrs = await app.get(OurSmsService).downloadDlrs({ count: PAGE });
      await queue.addBulk(dlrs.map((dlr) => ({ name: 'report', data: dlr, opts: { jobId: `r${dlr.msgId}` } })));
      if (dlrs.length < PAGE) await wait(POLL_MS);
    }
  };
  let polling;
  return {
    listener: app.get(CountingListener),
    async begin() {
      isRunning = true;
      polling = poll();
    },
    async rest() {
      isRunning = false;
      await polling;
    },
    async close() {
      await worker.close();
      await queue.close();
      await app.close();
    },
  };
}
