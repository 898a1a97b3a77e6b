/* global document */
import { count } from './words.js';

const result = document.getElementById('result');

/** Names of ids, which are read and copied whole. */
const WIDE = new Set(['Reference', 'Job']);

const OUTCOMES = {
  notSent: 'Not sent',
  unknown: 'It is not known whether the message was sent',
};

function element(tag, text, className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

/** Names and values; a value that the gateway did not say is left out. */
function list(facts) {
  const made = document.createElement('dl');
  for (const [name, value] of facts) {
    if (value === undefined) continue;
    const pair = document.createElement('div');
    const said = element('dd', typeof value === 'number' ? value.toLocaleString('en') : value);
    said.toggleAttribute('data-wide', WIDE.has(name));
    pair.append(element('dt', name), said);
    made.append(pair);
  }
  return made;
}

/** Shows what the gateway accepted of a message. */
export function showReceipt(receipt, message) {
  const { accepted, rejected, duplicates, skipped, heldMinutes, cost, reference, jobId, rejectedMsgs } = receipt;
  const isWhole = !rejected && !duplicates && accepted !== 0;
  const title = accepted === 0 ? 'Nothing was accepted' : isWhole ? 'Accepted' : 'Accepted in part';
  const parts = [
    element('p', title, `verdict ${accepted === 0 ? 'bad' : isWhole ? 'good' : 'fair'}`),
    list([
      ['Accepted', accepted],
      ['Rejected', rejected],
      ['Duplicates', duplicates],
      ['Repeated in the list', skipped || undefined],
      ['Held', heldMinutes === undefined ? undefined : count(heldMinutes, 'minute')],
      ['Cost', cost === undefined ? undefined : count(cost, 'credit')],
      ['Reference', reference],
      ['Job', jobId],
    ]),
  ];
  for (const { dest, reason } of rejectedMsgs) {
    const why = reason === undefined ? '' : `: ${reason}`;
    parts.push(element('p', `Rejected ${dest ?? 'a recipient'}${why}`, 'note'));
  }
  if (message.dlr && accepted !== 0) parts.push(element('p', 'The delivery reports come in below.', 'note'));
  result.replaceChildren(...parts);
}

/** Shows why a message was not sent, or that nobody knows. `others` are the faults that no field of the form shows. */
export function showFailure({ message, outcome, retryable, statusCode }, faults, others) {
  const isUnknown = outcome === 'unknown' || (outcome === undefined && statusCode >= 500);
  const sentence = faults.length > 0 ? 'Some fields need another look.' : String(message);
  const parts = [
    element('p', OUTCOMES[isUnknown ? 'unknown' : 'notSent'], `verdict ${isUnknown ? 'fair' : 'bad'}`),
    element('p', sentence, 'reason'),
    ...others.map(({ field, reason }) => element('p', `${field} ${reason}`.trim(), 'note')),
  ];
  if (retryable) parts.push(element('p', 'The same message can be sent again.', 'note'));
  if (isUnknown) parts.push(element('p', 'Sending it again may send it twice.', 'note'));
  result.replaceChildren(...parts);
}
