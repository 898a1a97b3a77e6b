import 'reflect-metadata';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Campaigns, OurSmsModule } from 'nestjs-oursms';

// An application of the built package that is going to be killed. It starts when it is told its settings
// (`CampaignSettings`), starts the campaign or goes on with it, and says how far it is.
process.on('disconnect', () => process.exit(1));
const [{ options, order, tellsAt }] = await once(process, 'message');
const { id, body, count, texts, from, concurrency, sendsAgain } = order;

const digits = (i) => String(from + i).padStart(8, '0');

/** Of a hundred recipients one comes again in another spelling, and one is no number. */
async function* recipients() {
  for (let i = 0; i < count; i++) {
    if (i === tellsAt) process.send({ kind: 'reading' });
    if (i % 500 === 0) await turn();
    yield texts === 0 ? `05${digits(i)}` : { dest: `05${digits(i)}`, name: `N${i % texts}` };
    if (i % 100 === 7) yield { dest: `+966 5 ${digits(i)}`, name: 'again' };
    if (i % 100 === 9) yield `no number ${i}`;
  }
}

class AppModule {}
Module({ imports: [OurSmsModule.forRoot(options)] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
process.send({ kind: 'started' });
const campaigns = app.get(Campaigns);
let campaign = await campaigns.start({
  ...{ id, recipients: recipients(), concurrency },
  message: { src: 'MyBrand', body: texts === 0 ? body : `${body} {name}` },
});
process.send({ kind: 'taken' });
if (sendsAgain) {
  await campaigns.resolveUnknown(id, 'sendAgain');
  campaign = await campaigns.get(id);
}

process.on('message', async () => {
  const lists = {};
  for (const fate of ['sent', 'rejected', 'invalid', 'duplicate', 'notSent', 'unknown']) {
    lists[fate] = [];
    for await (const { dest } of campaign.inputs(fate)) lists[fate].push(dest);
  }
  for (const { id: other, state } of await campaigns.list()) {
    if (other !== id && state === 'done') await campaigns.remove(other);
  }
  process.send({ kind: 'lists', lists });
});
process.send({ kind: 'done', report: await campaign.done });
