/* global document */
import { moment } from './words.js';

const SHOWN = 50;

const list = document.getElementById('reports');
const none = document.getElementById('no-reports');
const state = document.getElementById('stream');
const LOOKS = { delivered: 'good', sent: 'fair', undelivered: 'bad', failed: 'bad', expired: 'bad', deleted: 'bad' };
const seen = new Set();

/** A status as a coloured word. */
export function statusBadge({ status, rawStatus }) {
  const badge = document.createElement('span');
  badge.className = `status ${LOOKS[status] ?? 'unclear'}`;
  badge.textContent = status === 'unknown' && rawStatus ? rawStatus : status;
  return badge;
}

function row(report) {
  const { dest, src, receivedAt, tellsMore } = report;
  const item = document.createElement('li');
  const who = document.createElement('bdi');
  who.className = 'dest';
  who.textContent = dest ?? 'number not given';
  const from = document.createElement('span');
  from.className = 'from';
  const sender = document.createElement('bdi');
  sender.textContent = src ?? '';
  from.append(sender, tellsMore ? '' : ' · known already');
  if (!tellsMore) item.title = 'An earlier report said as much of this message, or more';
  const when = document.createElement('time');
  when.dateTime = receivedAt;
  when.textContent = moment(receivedAt);
  item.append(statusBadge(report), who, from, when);
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
  return true;
}

/** Says whether reports come in. */
export function showConnection(isLive) {
  state.textContent = isLive ? 'Live' : 'Reconnecting';
  state.classList.toggle('live', isLive);
}
