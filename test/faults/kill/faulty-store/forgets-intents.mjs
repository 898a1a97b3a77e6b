import { ClassicLevel } from 'classic-level';

// A store that acknowledges the notes of downloads that are about to be made, and does not keep them.
const isIntent = ({ type, key }) => type === 'put' && decodeURIComponent(key).startsWith('note!default/download/');

const { batch } = ClassicLevel.prototype;
ClassicLevel.prototype.batch = function (changes, options) {
  return batch.call(
    this,
    changes.filter((change) => !isIntent(change)),
    options,
  );
};
