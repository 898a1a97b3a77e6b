import { afterAll, expect, it, jest } from '@jest/globals';
import { describeWithOwnRedis } from '../../support/redis-at-hand.js';
import { allEnded, endWhatIsLeft } from '../../support/what-is-left.js';
import { CLUSTER_PATIENCE_MS, lookFor, runCluster } from './cluster/run-cluster.js';
import {
  deleted,
  downloading,
  FIRST_TROUBLES,
  freeze,
  freezeTwo,
  kept,
  kill,
  killWithSpool,
  sending,
} from './cluster/troubles.js';

jest.setTimeout(CLUSTER_PATIENCE_MS);

const saying = (what: string): unknown => expect.arrayContaining([expect.stringContaining(what)]);

describeWithOwnRedis('three instances on one Redis, which are killed, suspended and disconnected from Redis', () => {
  it('lose no report, never download concurrently, and send to no recipient twice', async () => {
    const plans = [
      { name: 'cluster', unknownOutcome: 'never' as const },
      { name: 'cluster, guarded, with a spool', unknownOutcome: 'guarded' as const, hasSpool: true },
    ];
    const [unguarded, guarded] = await allEnded(
      plans.map(({ name, ...plan }) => runCluster(name, { share: 0.5, first: FIRST_TROUBLES, ...plan })),
    );
    expect(unguarded).toMatchObject({ faults: [], campaigns: { twice: 0 } });
    expect(guarded).toMatchObject({ faults: [], campaigns: { twice: 0, never: 0, unknown: 0 } });
    // Or no trouble found anything on its way, and nothing was shown.
    for (const account of [unguarded, guarded]) expect(account?.takeovers).toBeGreaterThan(0);
    expect(unguarded?.campaigns.unknown).toBeGreaterThan(0);
    expect(unguarded?.reports.missing).toBeGreaterThan(0);
  });
});

describeWithOwnRedis('these tests detect', () => {
  const unguarded = { unknownOutcome: 'never' as const, patienceMs: 5_000 };
  // No download takes long, so that gaps are announced soon.
  const ofReports = { ...unguarded, hasNoCampaigns: true, timeoutMs: 1_500 };
  const lost = 'are missing, and no gap says so';
  const twice = 'were reached twice';

  it('concurrent downloads when every instance gets the lease', async () => {
    const plan = { ...ofReports, fault: 'everyoneLeads', moments: [downloading], troubles: [kill] };
    const aside = 'was on its way until';
    expect(await lookFor(aside, 'cluster, all lead', { share: 0.02, ...plan })).toEqual(saying(aside));
  });

  it('a download without the lease when a resumed instance believes that it still has the lease', async () => {
    const plan = { ...ofReports, fault: 'leasesLastForEver', moments: [kept], troubles: [freeze] };
    const unled = /sent a download at .* led/;
    const faults = await lookFor(' led', 'cluster, eternal leases', { share: 0.03, ...plan });
    expect(faults).toEqual(expect.arrayContaining([expect.stringMatching(unled)]));
  });

  it('recipients reached twice when a redelivered job looks new', async () => {
    const plan = { ...unguarded, fault: 'forgetsInterruptions', moments: [sending], troubles: [kill] };
    expect(await lookFor(twice, 'cluster, without interruptions', { share: 0.05, ...plan })).toEqual(saying(twice));
  });

  it('recipients reached twice when a suspended instance resumes with jobs that it has lost', async () => {
    const guarded = { ...unguarded, unknownOutcome: 'guarded' as const };
    const plan = { ...guarded, fault: 'jobsAreHeldForEver', moments: [sending], troubles: [freezeTwo] };
    expect(await lookFor(twice, 'cluster, eternal jobs', { share: 0.05, ...plan })).toEqual(saying(twice));
  });

  it('lost reports when a download is acknowledged before it is stored', async () => {
    const plan = { ...ofReports, fault: 'acknowledgesEarly', moments: [kept], troubles: [kill] };
    expect(await lookFor(lost, 'cluster, early acknowledgements', { share: 0.05, ...plan })).toEqual(saying(lost));
  });

  it('lost reports when the note before a download is not stored', async () => {
    const plan = { ...ofReports, fault: 'forgetsIntents', moments: [downloading], troubles: [kill] };
    expect(await lookFor(lost, 'cluster, without notes', { share: 0.05, ...plan })).toEqual(saying(lost));
  });

  it('lost reports when the spool of an earlier process is not transferred to Redis', async () => {
    const where = { hasSpool: true, moments: [deleted], troubles: [killWithSpool] };
    const plan = { ...ofReports, fault: 'forgetsTheSpool', ...where };
    const faults = await lookFor('although it had been kept', 'cluster, without the spool', { share: 0.02, ...plan });
    expect(faults).toEqual(saying('although it had been kept'));
    expect(faults).toEqual(saying('its process ran on for'));
  });
});

afterAll(endWhatIsLeft);
