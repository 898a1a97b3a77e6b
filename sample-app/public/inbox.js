/* global document */
import { showFailed, wireFailed } from './failed.js';
import { ask } from './server.js';
import { wireSwitch } from './switch.js';
import { age, count, moment } from './words.js';

const facts = document.getElementById('inbox-facts');
const state = document.getElementById('inbox-state');
const lastPoll = document.getElementById('last-poll');
const fault = document.getElementById('inbox-fault');
const pause = document.getElementById('pause');
const demo = document.getElementById('demo');
const way = document.getElementById('way');
const said = document.getElementById('inbox-said');
const ALARMING = new Set(['failed', 'unreadable', 'gaps']);

let isPaused = false;

/** Shows the inbox as it is, or why nobody can look into it. */
export function showInbox({ stats, failed, fault: why }) {
  fault.hidden = why === undefined;
  fault.textContent = why ?? '';
  facts.classList.toggle('stale', why !== undefined);
  if (stats === undefined) return showState('Out of order', false);
  showStats(stats);
  showFailed(failed, stats.failed);
}

/** Says that what is shown may be out of date. */
export function showInboxLost() {
  facts.classList.add('stale');
  showState('Not connected', false);
}

function showStats(stats) {
  for (const value of facts.querySelectorAll('[data-fact]')) {
    const name = value.dataset.fact;
    const number = stats[name];
    value.textContent = name === 'oldestMs' ? (number === undefined ? '–' : age(number)) : number.toLocaleString('en');
    value.classList.toggle('alarming', ALARMING.has(name) && number > 0);
  }
  isPaused = stats.paused;
  showState(isPaused ? 'Paused' : 'Polling', !isPaused);
  pause.textContent = isPaused ? 'Resume' : 'Pause';
  const { lastPoll: poll } = stats;
  lastPoll.textContent = poll === undefined ? 'No poll yet.' : `Last poll at ${moment(poll.at)}: ${outcomeOf(poll)}.`;
  demo.hidden = stats.failing === undefined;
  showFailing(stats.failing);
  way.hidden = stats.way === undefined;
  showPushed(stats.way === 'push');
}

function showState(word, isLive) {
  state.textContent = word;
  state.classList.toggle('live', isLive);
}

function outcomeOf({ result, reports, why }) {
  if (result !== 'downloaded') return `${result}, ${why.replace(/\.$/, '')}`;
  return reports === 0 ? 'nothing new' : count(reports, 'report');
}

function say(sentence) {
  said.textContent = sentence;
}

/** Has something done, and says what came of it. */
async function act(path, describe, { method, body = {} } = {}) {
  const { ok, answer } = await ask(`/inbox/${path}`, method === 'DELETE' ? { method } : { body });
  say(ok ? describe(answer) : String(answer.message));
  return ok;
}

const showFailing = wireSwitch(document.getElementById('failing'), (failing) => {
  const describe = () => (failing ? 'The handler fails now: send a message.' : 'The handler works again.');
  return act('demo-failure', describe, { body: { failing } });
});

const showPushed = wireSwitch(document.getElementById('pushed'), (pushed) => {
  const describe = () => (pushed ? 'Reports are pushed now: send a message.' : 'Reports are polled again.');
  return act('way', describe, { body: { way: pushed ? 'push' : 'poll' } });
});

/** Makes the buttons work. */
export function wireInbox() {
  document.getElementById('poll-now').addEventListener('click', () => {
    void act('poll', (poll) => `Polled: ${outcomeOf(poll)}.`);
  });
  pause.addEventListener('click', () => {
    if (isPaused) void act('resume', () => 'Resumed.');
    else void act('pause', () => 'Paused: nothing is downloaded, nothing handed over.');
  });
  wireFailed({
    retry: (id) => act(`retry/${encodeURIComponent(id)}`, () => 'Handed to the handler again.'),
    remove: (id) => act(encodeURIComponent(id), () => 'Removed.', { method: 'DELETE' }),
    retryAll: () => act('retry-all', ({ count: number }) => `${count(number, 'report')} handed to the handler again.`),
  });
}
