import { interceptWrites } from '../../../support/intercept-writes.mjs';

// A store that acknowledges the notes of downloads that are about to be made, and does not keep them.
const isIntent = ({ type, key }) => type === 'put' && decodeURIComponent(key).startsWith('note!default/download/');

interceptWrites((changes, write) => write(changes.filter((change) => !isIntent(change))));
