import { setTimeout as wait } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';

// A store that says of the records of messages that they are written a moment before they are: their requests leave first.
const LATE_MS = 50;
const isOfTracking = ({ key }) => decodeURIComponent(key).startsWith('note!default/tracking/');

const { batch } = ClassicLevel.prototype;
let last = Promise.resolve();

ClassicLevel.prototype.batch = function (changes, options) {
  const late = changes.filter(isOfTracking);
  const due = wait(LATE_MS);
  if (late.length > 0) last = last.then(() => due).then(() => batch.call(this, late, options).catch(() => undefined));
  return batch.call(
    this,
    changes.filter((change) => !isOfTracking(change)),
    options,
  );
};
