/* global document */
import { percent } from './words.js';

const list = document.getElementById('funnel');
const hint = document.getElementById('funnel-hint');

/** The rows of the funnel, and what each is a share of. The last four are parts of what was accepted. */
const ROWS = [
  { group: 'list', word: 'List' },
  { group: 'valid', word: 'Valid', of: 'list' },
  { group: 'accepted', word: 'Accepted', of: 'valid' },
  { group: 'delivered', word: 'Delivered', of: 'accepted' },
  { group: 'undelivered', word: 'Undelivered', of: 'accepted' },
  { group: 'noReportYet', word: 'No report yet', of: 'accepted' },
  { group: 'missing', word: 'Missing', of: 'accepted' },
];
const SHARES =
  'Valid as a share of the list, accepted of the valid, all others of the accepted. Missing: the final report is overdue.';
const NO_REPORTS = 'Of the accepted no more is known: delivery reports were not asked for.';

/** Shows what has become of the recipients of a campaign so far; each row can be downloaded. */
export function showFunnel(address, progress) {
  const { total, invalid, duplicate, sent, delivered, undelivered, noReportYet, missing } = progress;
  const numbers = {
    ...{ list: total, valid: total - invalid - duplicate, accepted: sent },
    ...{ delivered, undelivered, noReportYet, missing },
  };
  const isTracked = delivered !== undefined;
  const now = JSON.stringify([address, numbers, progress.pending]);
  if (list.dataset.shown === now) return;
  list.dataset.shown = now;
  if (list.children.length === 0) list.append(...ROWS.map(makeRow));
  let before = 0;
  for (const { group, word, of } of ROWS) {
    const row = list.querySelector(`[data-group=${group}]`);
    const number = numbers[group] ?? 0;
    row.hidden = numbers[group] === undefined;
    row.querySelector('.number').textContent = number.toLocaleString('en');
    row.querySelector('.share').textContent = of === undefined ? '' : percent(number, numbers[of]);
    const part = row.querySelector('.measure span');
    part.style.inlineSize = percentOf(number, total);
    part.style.marginInlineStart = percentOf(of === 'accepted' ? before : 0, total);
    if (of === 'accepted') before += number;
    const link = row.querySelector('a');
    // A file of those that are not sent to yet would not be whole.
    link.hidden = number === 0 || (progress.pending > 0 && (group === 'list' || group === 'valid'));
    link.href = `${address}/inputs/${group}/csv`;
    link.setAttribute('aria-label', `CSV: ${word}, ${number.toLocaleString('en')}`);
  }
  hint.textContent = isTracked ? SHARES : NO_REPORTS;
}

function makeRow({ group, word }) {
  const row = document.createElement('li');
  row.dataset.group = group;
  const link = element('a', 'CSV', 'csv');
  link.download = `${group}.csv`;
  const measure = element('span', '', 'measure');
  measure.setAttribute('aria-hidden', 'true');
  measure.append(document.createElement('span'));
  row.append(element('span', word), element('strong', '', 'number'), element('span', '', 'share'), link, measure);
  return row;
}

function element(tag, text, className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

const percentOf = (part, whole) => `${whole === 0 ? 0 : (part / whole) * 100}%`;
