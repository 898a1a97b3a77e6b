// Ends a release that could not be published, or would be published under another version.
// node .ci/check-publisher.mjs <version of npm> <tag of the release>
import { readFileSync } from 'node:fs';

const [npmVersion = '', tag = ''] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** @returns Whether a version is at least another one. */
function isAtLeast(given, least) {
  const parts = (text) => text.split('.').map((part) => Number.parseInt(part, 10));
  const [have, want] = [parts(given), parts(least)];
  const differing = want.findIndex((part, index) => have[index] !== part);
  return differing === -1 || have[differing] > want[differing];
}

const faults = [
  isAtLeast(process.versions.node, '22.14.0') ? '' : `Node ${process.versions.node} is too old: 22.14.0 is needed.`,
  isAtLeast(npmVersion, '11.5.1') ? '' : `npm ${npmVersion} is too old: 11.5.1 is needed.`,
  tag === `v${version}` ? '' : `The release has the tag ${tag}, and package.json the version ${version}.`,
].filter((fault) => fault !== '');
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
