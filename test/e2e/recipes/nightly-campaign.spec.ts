import { SchedulerRegistry } from '@nestjs/schedule';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CronJob } from 'cron';
import { Campaigns } from 'nestjs-oursms';
import { Appointments, bootstrap } from '../../../sample-app/recipes/nightly-campaign.js';
import { until } from '../../support/application.js';
import { RecipeBench } from '../../support/recipe-bench.js';
import { setClock } from '../../support/set-clock.js';

const DAY_MS = 86_400_000;

let bench: RecipeBench;

beforeEach(async () => {
  bench = await RecipeBench.open();
  await bench.start(bootstrap);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await bench.close();
});

const job = (): CronJob => bench.app.get(SchedulerRegistry, { strict: false }).getCronJob('reminders');
const ids = async (): Promise<string[]> => (await bench.app.get(Campaigns).list()).map(({ id }) => id);
const reports = (): string[] => bench.logs.matching(/^Report of reminders-\S+ \(done\)/);
const reported = (count: number): Promise<void> => until(`${count} reports`, () => reports().length >= count);

afterEach(() => void delete process.env.OURSMS_API_KEY);

describe('the recipe of a campaign every night', () => {
  it('runs at half past eight in Riyadh, with two retries', () => {
    const times = job()
      .nextDates(3)
      .map((date) => date.setZone('Asia/Riyadh').toFormat('HH:mm'));
    expect(times.toSorted()).toEqual(['20:30', '20:40', '20:50']);
  });

  it('sends to each recipient once, and reports at the end', async () => {
    await job().fireOnTick();
    await reported(1);
    expect(reports()[0]).toContain('"total":4,"sent":2,"rejected":0,"invalid":1,"duplicate":1,"notSent":0,"unknown":0');
    expect(bench.gateway.phone('966501234567').map(({ body }) => body)).toEqual([expect.stringContaining('سارة')]);
    expect(bench.gateway.phone('966507654321').map(({ body }) => body)).toEqual([expect.stringContaining('عمر')]);
  });

  it('sends nothing twice in a night, even after a restart, and sends again the next night', async () => {
    await job().fireOnTick();
    await reported(1);
    await job().fireOnTick();
    await bench.stop();
    await bench.start(bootstrap);
    await job().fireOnTick();
    expect(bench.gateway.messages).toHaveLength(2);
    expect(reports()).toHaveLength(1);

    setClock(DAY_MS);
    await job().fireOnTick();
    await reported(2);
    expect(bench.gateway.messages).toHaveLength(4);
    expect(await ids()).toHaveLength(2);
  });

  it('logs that it is paused, and resumes and reports after a restart', async () => {
    await bench.stop();
    process.env.OURSMS_API_KEY = 'a-revoked-key';
    await bench.start(bootstrap);
    await job().fireOnTick();
    await until('the campaign is paused', () => bench.logs.matching(/is paused \(auth\)/).length > 0);
    await bench.stop();
    delete process.env.OURSMS_API_KEY;
    await bench.start(bootstrap);
    await reported(1);
    expect(bench.gateway.messages).toHaveLength(2);
  });

  it('sends nothing when the database fails midway, and everything at the next run', async () => {
    const appointments = bench.app.get(Appointments);
    const { rows } = appointments;
    const broken = new Proxy(rows, {
      get: (target, name, self) => {
        if (name === 'filter') throw new Error('the database is away');
        return Reflect.get(target, name, self) as unknown;
      },
    });
    appointments.rows = broken;
    await job().fireOnTick();
    expect(bench.gateway.messages).toHaveLength(0);
    appointments.rows = rows;
    await job().fireOnTick();
    await reported(1);
    expect(bench.gateway.messages).toHaveLength(2);
  });

  it('deletes the numbers of a campaign after a week', async () => {
    await job().fireOnTick();
    await reported(1);
    const [first] = await ids();
    setClock(6 * DAY_MS);
    await job().fireOnTick();
    await reported(2);
    expect(await ids()).toContain(first);
    setClock(8 * DAY_MS);
    await job().fireOnTick();
    await reported(3);
    expect(await ids()).not.toContain(first);
  });

  it('logs no number', async () => {
    await job().fireOnTick();
    await reported(1);
    expect(bench.logs.matching(/50123|50765|12345/)).toEqual([]);
  });
});
