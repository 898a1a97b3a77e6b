import { setTimeout as wait } from 'node:timers/promises';
import { interceptWrites } from '../../../support/intercept-writes.mjs';

// A store that says of requests that they are marked as handed out, or done, a moment before that is written, as a disk with a
// cache may. What is put back at a start is read next, and a disk with a cache does not hide what it holds: that is not late.
const EARLY_MS = 80;
const isOfHandOut = ({ key }) => key.includes('!active!');
const isPutBack = ({ key }) => key.includes('!later!');

let last = Promise.resolve();

interceptWrites((changes, write) => {
  if (!changes.some(isOfHandOut) || changes.some(isPutBack)) return write(changes);
  const due = wait(EARLY_MS);
  last = last.then(() => due).then(() => write(changes).catch(() => undefined));
  return Promise.resolve();
});
