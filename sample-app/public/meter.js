/* global AbortController, clearTimeout, document */
import { ask } from './server.js';
import { count } from './words.js';

const QUIET_MS = 150;

const meter = document.getElementById('meter');

/** Says under the text how it travels, while it is typed. Only the answer to the latest text is shown. */
export function watchText(body, dests, readRecipients) {
  let due;
  let latest = new AbortController();

  const look = async () => {
    latest.abort();
    latest = new AbortController();
    const { signal } = latest;
    const { ok, answer } = await ask('/messages/preview', { body: { body: body.value }, signal });
    if (signal.aborted) return;
    if (ok) show(answer, readRecipients().length);
    else meter.textContent = '';
  };
  const soon = () => {
    clearTimeout(due);
    due = setTimeout(() => void look(), QUIET_MS);
  };
  body.addEventListener('input', soon);
  dests.addEventListener('input', soon);
  soon();
}

function show({ encoding, parts, units, unitsLeft }, recipients) {
  const facts = [
    ['encoding', encoding],
    ['parts', recipients > 1 ? `${count(parts, 'part')} × ${count(recipients, 'recipient')}` : count(parts, 'part')],
    ['units', `${units.toLocaleString('en')} used`],
    ['left', `${unitsLeft.toLocaleString('en')} left`],
  ].map(([name, text]) => {
    const fact = document.createElement('span');
    fact.dataset.fact = name;
    fact.textContent = text;
    return fact;
  });
  meter.replaceChildren(...facts);
}
