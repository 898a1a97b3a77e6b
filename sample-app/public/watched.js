/* global document, window */
import { showDeliveries } from './deliveries.js';
import { showFunnel } from './funnel.js';
import { showInputs } from './inputs.js';
import { ask } from './server.js';
import { watchStream } from './stream.js';
import { age, count } from './words.js';

const place = document.getElementById('watched');
const title = document.getElementById('watched-title');
const state = document.getElementById('watched-state');
const track = document.getElementById('track');
const percent = document.getElementById('percent');
const pace = document.getElementById('pace');
const doubt = document.getElementById('doubt');
const said = document.getElementById('watched-said');
const pause = document.getElementById('pause');
const cancel = document.getElementById('cancel');
const remove = document.getElementById('remove');

const REASONS = {
  user: 'Paused',
  credits: 'Out of credits: goes on by itself once there are some',
  auth: 'The gateway refuses the account',
  sender: 'The gateway refuses the sender',
  quietHours: 'Quiet hours: goes on by itself after them',
  gateway: 'The gateway does not take it: tried again by itself',
};

let id;
let shown;
/** Whether the focus goes to the campaign once it is shown: what had it is gone. */
let takesFocus = false;
let leave = () => undefined;
let onChange = () => undefined;

/** A state as a word. */
export const wordOf = ({ state: name, reason, resumesAt }) => {
  if (name !== 'paused') return name[0].toUpperCase() + name.slice(1);
  return resumesAt ? `${REASONS[reason]} at ${new Date(resumesAt).toLocaleTimeString()}` : REASONS[reason];
};

/** One that is cancelled may still have requests on their way. */
const isOver = ({ state: name, pending }) =>
  name === 'done' || name === 'lost' || (name === 'cancelled' && pending === 0);

/** Of one that is over, reports may still come: then it is followed on. */
const isSettled = (progress) => isOver(progress) && !(progress.noReportYet + progress.missing > 0);

/** The id of the campaign that is looked at; undefined when there is none. */
export const watchedId = () => id;

/** Shows a campaign and what becomes of it; none without an id. */
export function watchCampaign(wanted, { focus = false } = {}) {
  leave();
  id = wanted;
  takesFocus = focus;
  shown = undefined;
  place.hidden = true;
  said.textContent = '';
  if (id === undefined) return;
  leave = watchStream({
    path: `${address()}/progress`,
    onOpen: () => track.classList.remove('stale'),
    onLost: () => {
      // Its stream has ended.
      if (shown && isSettled(shown)) return;
      track.classList.add('stale');
      state.textContent = 'Not connected';
      pace.textContent = '';
      state.classList.remove('live');
    },
    events: { message: show },
  });
}

/** Makes the buttons work. `listener` is called when the state of the campaign has changed. */
export function wireWatched(listener) {
  onChange = listener;
  pause.addEventListener('click', () => void act(shown.state === 'paused' ? 'resume' : 'pause'));
  cancel.addEventListener('click', () => {
    if (shown.state !== 'running' && shown.state !== 'paused') return;
    if (sure(`Cancel ${id}? ${count(shown.pending, 'recipient')} will never get the message.`)) void act('cancel');
  });
  document.getElementById('were-sent').addEventListener('click', () => {
    const question = `Did ${count(shown.unknown, 'recipient')} get the message? They are not sent to any more.`;
    if (sure(question)) void resolve('sent', 'counted as sent');
  });
  document.getElementById('send-again').addEventListener('click', () => {
    const question = `Send again to ${count(shown.unknown, 'recipient')}? Who got the message gets it twice.`;
    if (sure(question)) void resolve('sendAgain', 'sent again');
  });
  remove.addEventListener('click', () => {
    if (sure(`Remove ${id}, with its numbers and what became of them?`)) void forget();
  });
}

/** What cannot be taken back is asked for. */
const sure = (question) => window.confirm(question);

const address = () => `/campaigns/${encodeURIComponent(id)}`;

function show(progress) {
  const before = shown?.state;
  shown = progress;
  const { total, invalid, duplicate, pending, reason } = progress;
  const recipients = total - invalid - duplicate;
  const settled = recipients - pending;
  title.textContent = progress.id;
  state.textContent = wordOf(progress);
  state.classList.toggle('live', progress.state === 'running');
  for (const share of track.children) share.style.flexGrow = String(progress[share.dataset.share]);
  // Whole only when it is.
  const hundredth = recipients === 0 ? 100 : Math.floor((settled / recipients) * 100);
  track.setAttribute('aria-valuemax', String(recipients));
  track.setAttribute('aria-valuenow', String(settled));
  percent.textContent = `${hundredth}%`;
  pace.textContent = paceOf(progress);
  const facts = { ...progress, leftOut: invalid + duplicate };
  for (const value of place.querySelectorAll('[data-fact]')) {
    value.textContent = facts[value.dataset.fact].toLocaleString('en');
    value.classList.toggle('alarming', value.dataset.fact === 'unknown' && progress.unknown > 0);
  }
  showFunnel(address(), progress);
  showDeliveries(progress.deliveries);
  showInputs(address(), facts);
  doubt.hidden = progress.unknown === 0;
  document.getElementById('doubt-words').textContent =
    `Of ${count(progress.unknown, 'recipient')} nobody knows: the request was on its way when something broke. They are not sent to again unless you say so.`;
  pause.hidden = isOver(progress);
  pause.textContent = progress.state === 'paused' ? 'Resume' : 'Pause';
  cancel.hidden = isOver(progress);
  remove.hidden = !isOver(progress);
  place.hidden = false;
  if (takesFocus) title.focus();
  takesFocus = false;
  if (isSettled(progress)) leave();
  if (before !== progress.state || reason !== undefined) onChange();
}

function paceOf({ state: name, perSecond, leftMs }) {
  if (name !== 'running' || !(perSecond > 0)) return '';
  const left = leftMs === undefined ? '' : `, about ${age(Math.max(1_000, leftMs))} left`;
  return `${Math.round(perSecond).toLocaleString('en')} a second${left}`;
}

/** Has something done, and says why not. */
async function act(what) {
  const { ok, answer } = await ask(`${address()}/${what}`, { body: {} });
  said.textContent = ok ? '' : String(answer.message);
  // The button may be gone with that.
  takesFocus = what === 'cancel';
  if (ok && answer.id === id) show(answer);
}

async function resolve(fate, words) {
  const mine = id;
  const { ok, answer } = await ask(`${address()}/resolve-unknown`, { body: { fate } });
  if (mine !== id) return;
  // One that was over may go on now.
  if (ok) watchCampaign(id, { focus: true });
  said.textContent = ok ? `${count(answer.count, 'recipient')} ${words}.` : String(answer.message);
}

async function forget() {
  const { ok, answer } = await ask(address(), { method: 'DELETE' });
  if (!ok) return void (said.textContent = String(answer.message));
  watchCampaign(undefined);
  onChange();
  document.getElementById('campaigns-title').focus();
}
