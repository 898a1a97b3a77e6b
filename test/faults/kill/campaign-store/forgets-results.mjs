import { interceptWrites } from '../../../support/intercept-writes.mjs';

// A store that acknowledges what became of requests, and does not keep it.
const isResult = ({ type, key }) =>
  type === 'put' && /^note!default\/campaign\/.*\/result\//.test(decodeURIComponent(key));

interceptWrites((changes, write) => write(changes.filter((change) => !isResult(change))));
