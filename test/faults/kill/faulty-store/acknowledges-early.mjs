import { setTimeout as wait } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';

// A store that says of downloads that they are written a moment before they are, as a disk with a cache may. Their notes are
// deleted at once.
const EARLY_MS = 50;
const isOfPages = ({ key }) => decodeURIComponent(key).startsWith('queue!default/pages!');

const { batch } = ClassicLevel.prototype;
let last = Promise.resolve();

ClassicLevel.prototype.batch = function (changes, options) {
  const late = changes.filter(isOfPages);
  const due = wait(EARLY_MS);
  if (late.length > 0) last = last.then(() => due).then(() => batch.call(this, late, options).catch(() => undefined));
  return batch.call(
    this,
    changes.filter((change) => !isOfPages(change)),
    options,
  );
};
