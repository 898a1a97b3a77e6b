/** A simulated gateway in a process of its own. Told how many reports to push, it answers when they wait for their download. */
import { GatewaySimulator } from '../../../dist/testing/index.js';
import { GATEWAY_AUTH, reportRow } from './reports.mjs';

const gateway = await GatewaySimulator.start({ record: false });
let pushed = 0;

process.on('message', ({ reports }) => {
  for (let i = 0; i < reports; i += 1) gateway.pushReport(GATEWAY_AUTH.username, reportRow((pushed += 1)));
  process.send('pushed');
});
process.on('disconnect', () => gateway.stop());
process.send(gateway.url);
