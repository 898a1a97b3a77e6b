import { EventEmitter2 } from '@nestjs/event-emitter';
import { OurSmsService } from '../../../../dist/index.js';
import { CountingListener, startApplication } from '../application.mjs';
import { PAGE } from '../reports.mjs';

/** A loop as it is written without the module's inbox: download, publish, download. It keeps nothing. */
export async function open(baseUrl) {
  const app = await startApplication(baseUrl, {});
  const oursms = app.get(OurSmsService);
  const emitter = app.get(EventEmitter2);
  const listener = app.get(CountingListener);
  const run = async (reports) => {
    const last = listener.handled + reports;
    while (listener.handled < last) {
      for (const dlr of await oursms.downloadDlrs({ count: PAGE })) await emitter.emitAsync('oursms.dlr', dlr);
    }
  };
  return { listener, run, rest: () => undefined, close: () => app.close() };
}
