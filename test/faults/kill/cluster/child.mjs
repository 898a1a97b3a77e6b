import 'reflect-metadata';
import { on } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { ScheduleModule } from '@nestjs/schedule';
import { DlrInbox, getCampaignsToken, OnDlr, OurSmsModule, OurSmsStorageError } from 'nestjs-oursms';
import { bullMqEngine } from 'nestjs-oursms/bullmq';
import { listsOf, messageOf, recipientsOf } from '../campaign-recipients.mjs';
import { faulty } from './faulty-engine.mjs';
import { watched } from './watched-engine.mjs';

// One of several applications of the built package on one Redis. It starts when it is told its settings (`InstanceSettings`),
// polls for reports, takes part in the campaigns that it is told of, and writes down what it handled and when it led.
process.on('disconnect', () => process.exit(1));
// What comes while it starts waits for its turn.
const questions = on(process, 'message');
const [settings] = (await questions.next()).value;
const { life, journal, moves, redis, fault, handlingMs, reports, bulk } = settings;

/** What is written is with the operating system then, and outlives a kill. */
function writer(path) {
  const file = openSync(path, 'a');
  // The line end comes first: a line that a kill cut short is then a line of its own, which the reader passes over.
  return (kind, value) => void writeSync(file, `\n${JSON.stringify([kind, value])}`);
}
const write = writer(journal);
const storage = watched(faulty(bullMqEngine(redis), fault, redis), life, { moves: writer(moves), journal: write });

class Reports {
  async handle({ msgId, raw }) {
    if (Date.now() < raw.failsUntil) throw new Error('the listener is told to fail');
    await wait(handlingMs);
    write('handled', msgId);
  }

  gap(gap) {
    write('gap', gap);
  }

  unreadable({ id, receivedAt }) {
    write('unreadable', { id, receivedAt, whole: [] });
  }

  failed({ dlr }) {
    write('failed', dlr.msgId);
  }
}

const listen = (method, decorate) =>
  decorate(Reports.prototype, method, Object.getOwnPropertyDescriptor(Reports.prototype, method));
listen('handle', OnDlr());
listen('gap', OnEvent('oursms.dlr.gap'));
listen('unreadable', OnEvent('oursms.dlr.unreadable'));
listen('failed', OnEvent('oursms.dlr.failed'));

class AppModule {}
Module({
  imports: [
    EventEmitterModule.forRoot(),
    ScheduleModule.forRoot(),
    OurSmsModule.forRoot({ ...reports, storage }),
    OurSmsModule.forRoot({ ...bulk, storage, name: 'bulk' }),
  ],
  providers: [Reports],
})(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
app.enableShutdownHooks();
const campaigns = app.get(getCampaignsToken('bulk'));
process.send({ kind: 'started' });

/** Retries while the store is unavailable, as an application does. */
async function untilAnswered(ask) {
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      if (!(error instanceof OurSmsStorageError))
        return process.send({ kind: 'fault', what: `${error.stack ?? error}` });
    }
    await wait(100);
  }
}

const answers = {
  /** Starts a campaign, or waits until another has, and says what came of it. */
  async campaign({ order, starts }) {
    const { id, rate, concurrency } = order;
    const campaign = await untilAnswered(() =>
      starts
        ? campaigns.start({ ...{ id, rate, concurrency }, message: messageOf(order), recipients: recipientsOf(order) })
        : campaigns.get(id),
    );
    process.send({ kind: 'taken', id });
    process.send({ kind: 'done', id, report: await campaign.done });
  },
  async lists({ id }) {
    const lists = await untilAnswered(async () => listsOf(await campaigns.get(id)));
    process.send({ kind: 'lists', id, lists });
  },
  async remove({ id }) {
    await untilAnswered(() => campaigns.remove(id));
  },
  async stats() {
    process.send({ kind: 'stats', stats: await untilAnswered(() => app.get(DlrInbox).stats()) });
  },
};
for await (const [question] of questions) void answers[question.kind](question);
