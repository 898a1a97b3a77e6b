import 'reflect-metadata';
import { once } from 'node:events';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Campaigns, OurSmsModule } from 'nestjs-oursms';
import { listsOf, messageOf, recipientsOf } from './campaign-recipients.mjs';

// An application of the built package that is going to be killed. It starts when it is told its settings
// (`CampaignSettings`), starts the campaign or goes on with it, and says how far it is.
process.on('disconnect', () => process.exit(1));
const [{ options, order, tellsAt }] = await once(process, 'message');
const { id, concurrency, sendsAgain } = order;

class AppModule {}
Module({ imports: [OurSmsModule.forRoot(options)] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
process.send({ kind: 'started' });
const campaigns = app.get(Campaigns);
const recipients = recipientsOf(order, (i) => {
  if (i === tellsAt) process.send({ kind: 'reading' });
});
let campaign = await campaigns.start({ id, message: messageOf(order), recipients, concurrency });
process.send({ kind: 'taken' });
if (sendsAgain) {
  await campaigns.resolveUnknown(id, 'sendAgain');
  campaign = await campaigns.get(id);
}

process.on('message', async () => {
  const lists = await listsOf(campaign);
  for (const { id: other, state } of await campaigns.list()) {
    if (other !== id && state === 'done') await campaigns.remove(other);
  }
  process.send({ kind: 'lists', lists });
});
process.send({ kind: 'done', report: await campaign.done });
