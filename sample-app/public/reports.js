/* global document, EventSource */

const SHOWN = 50;
const AGAIN_AFTER_MS = 3_000;

const list = document.getElementById('reports');
const none = document.getElementById('no-reports');
const state = document.getElementById('stream');
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const LOOKS = { delivered: 'good', sent: 'fair', undelivered: 'bad', failed: 'bad', expired: 'bad', deleted: 'bad' };
const seen = new Set();

function row({ status, rawStatus, dest, src, receivedAt }) {
  const item = document.createElement('li');
  const badge = document.createElement('span');
  badge.className = `status ${LOOKS[status] ?? 'unclear'}`;
  badge.textContent = status === 'unknown' && rawStatus ? rawStatus : status;
  const who = document.createElement('bdi');
  who.className = 'dest';
  who.textContent = dest ?? 'number not given';
  const from = document.createElement('bdi');
  from.className = 'from';
  from.textContent = src ?? '';
  const when = document.createElement('time');
  when.dateTime = receivedAt;
  when.textContent = time.format(new Date(receivedAt));
  item.append(badge, who, from, when);
  return item;
}

/** A stream that comes back begins with reports that are on the page already. */
function add(report) {
  if (seen.has(report.id)) return false;
  seen.add(report.id);
  list.prepend(row(report));
  while (list.children.length > SHOWN) list.lastElementChild.remove();
  none.hidden = true;
  return true;
}

function say(word, isLive) {
  state.textContent = word;
  state.classList.toggle('live', isLive);
}

/** Shows delivery reports as they come. `onOpen` is called with each connection, `onReport` with each new report. */
export function watchReports({ onOpen, onReport }) {
  const source = new EventSource('/dlrs');
  source.addEventListener('open', () => {
    say('Live', true);
    onOpen();
  });
  source.addEventListener('message', ({ data }) => {
    if (add(JSON.parse(data))) onReport();
  });
  source.addEventListener('error', () => {
    say('Reconnecting', false);
    // The browser tries again by itself, but not after an answer other than 200.
    if (source.readyState === EventSource.CLOSED) {
      setTimeout(() => watchReports({ onOpen, onReport }), AGAIN_AFTER_MS);
    }
  });
}
