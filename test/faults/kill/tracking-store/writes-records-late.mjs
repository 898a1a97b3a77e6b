import { setTimeout as wait } from 'node:timers/promises';
import { interceptWrites } from '../../../support/intercept-writes.mjs';

// A store that says of the records of messages that they are written a moment before they are: their requests leave first.
const LATE_MS = 50;
const isOfTracking = ({ key }) => decodeURIComponent(key).startsWith('note!default/tracking/');

let last = Promise.resolve();

interceptWrites((changes, write) => {
  const late = changes.filter(isOfTracking);
  const due = wait(LATE_MS);
  if (late.length > 0) last = last.then(() => due).then(() => write(late).catch(() => undefined));
  return write(changes.filter((change) => !isOfTracking(change)));
});
