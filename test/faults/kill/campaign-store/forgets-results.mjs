import { ClassicLevel } from 'classic-level';

// A store that acknowledges what became of requests, and does not keep it.
const isResult = ({ type, key }) =>
  type === 'put' && /^note!default\/campaign\/.*\/result\//.test(decodeURIComponent(key));

const { batch } = ClassicLevel.prototype;
ClassicLevel.prototype.batch = function (changes, options) {
  return batch.call(
    this,
    changes.filter((change) => !isResult(change)),
    options,
  );
};
