import { Child } from '../support/child.mjs';
import { median } from '../support/figures.mjs';

const MAX_MS = 45;

/** What importing the root entry adds to the start of a Nest application, in fresh processes. */
export async function importBench({ quick }) {
  // The first one fills the file cache of the system.
  await importOnce();
  const samples = [];
  for (let i = 0; i < (quick ? 1 : 21); i += 1) samples.push(await importOnce());
  const ms = median(samples);
  const spread = `${Math.min(...samples).toFixed(1)} to ${Math.max(...samples).toFixed(1)}`;
  console.log(
    `\nimport of the root entry beside Nest: median ${ms.toFixed(1)} ms (${spread}), Node ${process.version}`,
  );
  const target = `at most ${MAX_MS} ms`;
  console.log(`${ms <= MAX_MS ? 'met   ' : 'MISSED'}  ${target}`);
  return { missed: ms <= MAX_MS ? [] : [target] };
}

async function importOnce() {
  const child = new Child(new URL('./time-import.mjs', import.meta.url));
  const ms = await child.hears();
  await child.end();
  return ms;
}
