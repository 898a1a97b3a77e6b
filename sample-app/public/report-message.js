/* global document */
import { moment } from './words.js';

const FOUND = { msgId: 'found by its id', job: 'found by its request and number', dest: 'found by its number alone' };
const NOT_FOUND = 'No message was found for this report, or more than one could be meant.';
const REASONS = {
  undelivered: 'It did not reach the phone. The gateway gives no other reason.',
  failed: 'The gateway could not send it. It gives no other reason.',
  expired: 'Its validity ran out before it could be sent.',
  deleted: 'The gateway deleted it before it was sent, for example because it had too many parts.',
};

/** Says which message or campaign a report belongs to, and why that was not delivered: paragraphs for its row. */
export function messageOf(report) {
  const about = document.createElement('p');
  about.className = 'about';
  if (report.matched === undefined) about.textContent = NOT_FOUND;
  else about.append(...named(report), ` · sent ${moment(report.sentAt)} · ${FOUND[report.matched]}`);
  const reason = REASONS[report.status];
  if (reason === undefined) return [about];
  const why = document.createElement('p');
  why.className = 'about reason';
  why.textContent = reason;
  return [about, why];
}

/** The text of a message and its reference, or a link to the campaign. */
function named({ campaign, reference, text }) {
  if (campaign !== undefined) {
    const link = document.createElement('a');
    link.href = `/campaign.html#${encodeURIComponent(campaign)}`;
    link.append(isolated(campaign));
    return ['Campaign ', link];
  }
  const names = reference === undefined ? ['Sent without a reference'] : [isolated(reference, 'reference')];
  return text === undefined ? names : [isolated(text, 'text'), ...names];
}

/** What may be in either script stands between its own direction marks. */
function isolated(text, className = '') {
  const made = document.createElement('bdi');
  made.className = className;
  made.textContent = text;
  return made;
}
