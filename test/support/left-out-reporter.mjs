import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** What some tests need, how their files ask for it, and where it is to be had. */
const NEEDS = [
  {
    asks: /\b((describe|it)With(Own)?Redis|describeInRedis)\(/,
    // Then tests were left out on purpose.
    isThere: () => spawnSync('redis-server', ['--version']).status === 0,
    say: (files) => {
      const getIt = 'redis-server in the PATH (Debian: apt-get install redis-server)';
      return process.env.REDIS_URL
        ? `the tests that need a Redis server of their own, in ${files}. They need ${getIt}; REDIS_URL is not enough`
        : `the tests with Redis, in ${files}. They need ${getIt}, or most of them REDIS_URL`;
    },
  },
  {
    asks: /\bdescribePage\(/,
    isThere: () => false,
    say: (files) =>
      `the tests in a browser, in ${files}. They need Chromium: apt-get install chromium, or set CHROMIUM_PATH`,
  },
];

/** Says in one line each which tests were left out for want of Redis or of Chromium, and how to get it. */
export default class LeftOutReporter {
  onRunComplete(_contexts, { testResults }) {
    const isLeftOut = ({ testResults: tests }) => tests.some(({ status }) => status === 'pending');
    const paths = testResults.filter(isLeftOut).map(({ testFilePath }) => testFilePath);
    for (const { asks, isThere, say } of NEEDS) {
      const files = paths.filter((path) => asks.test(readFileSync(path, 'utf8'))).map((path) => basename(path));
      if (files.length > 0 && !isThere()) process.stderr.write(`Left out: ${say(files.join(', '))}.\n`);
    }
  }
}
