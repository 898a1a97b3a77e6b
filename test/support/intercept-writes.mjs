import { ClassicLevel } from 'classic-level';

/**
 * Puts a function between the stores of this process and LevelDB. It gets the changes of a write (`{ type, key, value }`), and
 * a function that writes those that it is given. The write has ended when what it returns has.
 */
export function interceptWrites(intercept) {
  const { batch } = ClassicLevel.prototype;
  ClassicLevel.prototype.batch = function () {
    const changes = [];
    return {
      put: (key, value) => void changes.push({ type: 'put', key, value }),
      del: (key) => void changes.push({ type: 'del', key }),
      write: (options) => intercept(changes, (some) => batch.call(this, some, options)),
      close: () => Promise.resolve(),
    };
  };
}
