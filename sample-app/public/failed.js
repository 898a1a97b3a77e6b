/* global document */
import { statusBadge } from './reports.js';
import { count, moment } from './words.js';

const place = document.getElementById('failed');
const title = document.getElementById('failed-title');
const list = document.getElementById('failed-reports');
const more = document.getElementById('failed-more');
const rows = new Map();
let actions;

/** Shows the reports that were given up; `total` may be more of them than are listed. */
export function showFailed(reports, total) {
  const there = new Set(reports.map(({ id }) => id));
  for (const id of [...rows.keys()].filter((one) => !there.has(one))) drop(id);
  reports.forEach((report, index) => {
    const item = rows.get(report.id) ?? document.createElement('li');
    rows.set(report.id, item);
    fill(item, report);
    // What stands where it belongs is not touched: it may have the focus.
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  title.textContent = count(total, 'failed report');
  more.hidden = total <= reports.length;
  more.textContent = `The oldest ${reports.length} are listed.`;
  place.hidden = total === 0;
}

/** Makes the buttons do something: `retry` and `remove` get the id of a report. */
export function wireFailed(given) {
  actions = given;
  document.getElementById('retry-all').addEventListener('click', () => void actions.retryAll());
}

function fill(item, report) {
  const now = JSON.stringify(report);
  if (item.dataset.report === now) return;
  item.dataset.report = now;
  const { id, dest, reason, attempts, failedAt } = report;
  const who = document.createElement('bdi');
  who.className = 'dest';
  who.textContent = dest ?? 'number not given';
  const why = document.createElement('p');
  why.className = 'why';
  const when = document.createElement('time');
  when.dateTime = failedAt;
  when.textContent = moment(failedAt);
  why.append(`${reason} · ${count(attempts, 'attempt')}, the last at `, when);
  const buttons = document.createElement('div');
  buttons.className = 'actions';
  buttons.append(
    button('Retry', dest, () => actions.retry(id)),
    button('Remove', dest, () => actions.remove(id)),
  );
  item.replaceChildren(statusBadge(report, { isNeutral: true }), who, buttons, why);
}

function button(verb, dest, act) {
  const made = document.createElement('button');
  made.type = 'button';
  made.className = 'second';
  made.textContent = verb;
  made.setAttribute('aria-label', `${verb} the report of ${dest ?? 'a number that is not given'}`);
  made.addEventListener('click', () => void act());
  return made;
}

/** Takes a row away. The focus goes on to its neighbour, so that the keyboard does not begin anew. */
function drop(id) {
  const item = rows.get(id);
  rows.delete(id);
  const hadFocus = item.contains(document.activeElement);
  const next = item.nextElementSibling ?? item.previousElementSibling;
  item.remove();
  if (hadFocus) (next?.querySelector('button') ?? document.getElementById('inbox-title')).focus();
}
