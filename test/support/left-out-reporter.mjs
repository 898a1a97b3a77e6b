import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** The test files that ask for Redis by `redis-at-hand.ts`. */
const ASKS_FOR_REDIS = /\b(describe|it)With(Own)?Redis\(/;
const GET_IT = 'redis-server in the PATH (Debian: apt-get install redis-server)';

/** Says in one line which tests were left out for want of Redis, and how to get it. */
export default class LeftOutReporter {
  onRunComplete(_contexts, { testResults }) {
    // Then tests were left out on purpose.
    if (spawnSync('redis-server', ['--version']).status === 0) return;
    const isLeftOut = ({ testResults: tests }) => tests.some(({ status }) => status === 'pending');
    const paths = testResults.filter(isLeftOut).map(({ testFilePath }) => testFilePath);
    const files = paths.filter((path) => ASKS_FOR_REDIS.test(readFileSync(path, 'utf8'))).map((path) => basename(path));
    if (files.length === 0) return;
    const what = process.env.REDIS_URL
      ? `the tests that need a Redis server of their own, in ${files.join(', ')}. They need ${GET_IT}; REDIS_URL is not enough`
      : `the tests with Redis, in ${files.join(', ')}. They need ${GET_IT}, or most of them REDIS_URL`;
    process.stderr.write(`Left out: ${what}.\n`);
  }
}
