import { setTimeout as wait } from 'node:timers/promises';
import { interceptWrites } from '../../../support/intercept-writes.mjs';

// A store that says of downloads that they are written a moment before they are, as a disk with a cache may. Their notes are
// deleted at once.
const EARLY_MS = 50;
const isOfPages = ({ key }) => decodeURIComponent(key).startsWith('queue!default/pages!');

let last = Promise.resolve();

interceptWrites((changes, write) => {
  const late = changes.filter(isOfPages);
  const due = wait(EARLY_MS);
  if (late.length > 0) last = last.then(() => due).then(() => write(late).catch(() => undefined));
  return write(changes.filter((change) => !isOfPages(change)));
});
