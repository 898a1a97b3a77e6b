/* global document */
import { messageOf } from './report-message.js';
import { count, moment } from './words.js';

const SHOWN = 50;

const list = document.getElementById('reports');
const none = document.getElementById('no-reports');
const state = document.getElementById('stream');
const shown = document.getElementById('reports-shown');
const LOOKS = { delivered: 'good', sent: 'fair', undelivered: 'bad', failed: 'bad', expired: 'bad', deleted: 'bad' };
const seen = new Set();

/** A status as a word, coloured by what it says of the message unless the report itself is what failed. */
export function statusBadge({ status, rawStatus }, { isNeutral = false } = {}) {
  const badge = document.createElement('span');
  badge.className = `status ${isNeutral ? 'unclear' : (LOOKS[status] ?? 'unclear')}`;
  badge.textContent = status === 'unknown' && rawStatus ? rawStatus : status;
  return badge;
}

function row(report) {
  const { dest, src, receivedAt, tellsMore, via } = report;
  const item = document.createElement('li');
  const who = document.createElement('bdi');
  who.className = 'dest';
  who.textContent = dest ?? 'number not given';
  const from = document.createElement('span');
  from.className = 'from';
  const sender = document.createElement('bdi');
  sender.textContent = src ?? '';
  from.append(sender, src ? ' · ' : '', via === 'push' ? 'pushed' : 'polled', tellsMore ? '' : ' · known already');
  if (!tellsMore) item.title = 'An earlier report said as much of this message, or more';
  const when = document.createElement('time');
  when.dateTime = receivedAt;
  when.textContent = moment(receivedAt);
  item.append(statusBadge(report), who, from, when, ...messageOf(report));
  item.classList.toggle('known', !tellsMore);
  return item;
}

/**
 * Shows a delivery report, and says whether it is new here: a stream that comes back begins with reports that are on the
 * page already.
 */
export function showReport(report) {
  if (seen.has(report.id)) return false;
  seen.add(report.id);
  list.prepend(row(report));
  while (list.children.length > SHOWN) list.lastElementChild.remove();
  none.hidden = true;
  shown.textContent = list.children.length === SHOWN ? `the last ${SHOWN}` : count(list.children.length, 'report');
  // Only a list that scrolls is a stop for the keyboard.
  list.tabIndex = list.scrollHeight > list.clientHeight ? 0 : -1;
  return true;
}

/** Says whether reports come in. */
export function showConnection(isLive) {
  state.textContent = isLive ? 'Live' : 'Reconnecting';
  state.classList.toggle('live', isLive);
}
