/**
 * Runs the benchmarks against the package in dist/, and those of internals against .build/: `npm run bench`, or some of them,
 * `npm run bench -- send`.
 *
 * `--quick` only shows that they run, `--check` fails when a target is missed.
 */
import { parseArgs } from 'node:util';
import { accountsBench } from './accounts/accounts.bench.mjs';
import { campaignBench } from './campaign/campaign.bench.mjs';
import { clusterBench } from './cluster/cluster.bench.mjs';
import { importBench } from './import/import.bench.mjs';
import { inboxBench } from './inbox/inbox.bench.mjs';
import { limiterBench } from './limiter/limiter.bench.mjs';
import { numbersBench } from './numbers/numbers.bench.mjs';
import { profileSend } from './send/profile-send.mjs';
import { sendBench } from './send/send.bench.mjs';
import { textBench } from './text/text.bench.mjs';
import { trackingBench } from './tracking/tracking.bench.mjs';
import { webhookBench } from './webhook/webhook.bench.mjs';

const benches = {
  send: sendBench,
  import: importBench,
  text: textBench,
  numbers: numbersBench,
  limiter: limiterBench,
  accounts: accountsBench,
  inbox: inboxBench,
  webhook: webhookBench,
  tracking: trackingBench,
  campaign: campaignBench,
  cluster: clusterBench,
};
const onRequest = { profile: profileSend };

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
});
const known = { ...benches, ...onRequest };
const unknown = names.filter((name) => !(name in known));
if (unknown.length > 0) {
  console.error(`No benchmark is called ${unknown.join(', ')}; there are ${Object.keys(known).join(', ')}.`);
  process.exit(2);
}

const missed = [];
for (const name of names.length > 0 ? names : Object.keys(benches)) {
  const { missed: targets } = await known[name]({ quick: flags.quick });
  missed.push(...targets.map((target) => `${name}: ${target}`));
}
for (const target of missed) console.log(`MISSED  ${target}`);
if (flags.check && missed.length > 0) process.exitCode = 1;
