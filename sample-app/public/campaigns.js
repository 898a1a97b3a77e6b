/* global document, location, window */
import { ask } from './server.js';
import { watchCampaign, watchedId, wordOf } from './watched.js';
import { moment } from './words.js';

const LOOK_EVERY_MS = 3_000;
const LOOKS = { running: 'good', done: 'unclear', paused: 'fair', cancelled: 'bad', lost: 'bad' };

const list = document.getElementById('campaigns');
const none = document.getElementById('no-campaigns');
let asked = 0;
let shown = '';

/** The link to a campaign. */
export const linkTo = (id) => `#${encodeURIComponent(id)}`;

/** The campaign that an address names; an address that was cut names what is left of it. */
function idOf(hash) {
  try {
    return decodeURIComponent(hash.slice(1));
  } catch {
    return hash.slice(1);
  }
}

/** Shows the campaigns anew. One that goes on is looked at when nothing else is. */
export async function refreshCampaigns() {
  const mine = ++asked;
  const { ok, answer } = await ask('/campaigns');
  if (!ok || mine !== asked) return;
  const watched = watchedId();
  if (watched !== undefined && !answer.some(({ id }) => id === watched)) watchCampaign(undefined);
  const active = answer.find(({ state }) => state === 'running' || state === 'paused');
  if (watchedId() === undefined && active && location.hash === '') watchCampaign(active.id);
  show(answer);
}

/** Keeps the list as it is, and follows its links. */
export function wireCampaigns() {
  const follow = () => {
    const id = idOf(location.hash);
    if (id !== '' && id !== watchedId()) watchCampaign(id);
    void refreshCampaigns();
  };
  window.addEventListener('hashchange', follow);
  follow();
  window.setInterval(() => {
    if (!document.hidden) void refreshCampaigns();
  }, LOOK_EVERY_MS);
}

function show(campaigns) {
  const now = JSON.stringify([campaigns, watchedId()]);
  if (now === shown) return;
  shown = now;
  const focused = list.contains(document.activeElement) ? document.activeElement.hash : undefined;
  list.replaceChildren(...campaigns.map(row));
  none.hidden = campaigns.length > 0;
  if (focused !== undefined) [...list.querySelectorAll('a')].find(({ hash }) => hash === focused)?.focus();
}

function row(campaign) {
  const { id, state, sent, total, invalid, duplicate, finishedAt } = campaign;
  const item = document.createElement('li');
  const badge = document.createElement('span');
  badge.className = `status ${LOOKS[state] ?? 'unclear'}`;
  badge.textContent = state;
  badge.title = wordOf(campaign);
  const link = document.createElement('a');
  link.href = linkTo(id);
  const name = document.createElement('bdi');
  name.textContent = id;
  link.append(name);
  if (id === watchedId()) link.setAttribute('aria-current', 'true');
  const how = document.createElement('span');
  how.className = 'from';
  how.textContent = `${sent.toLocaleString('en')} of ${(total - invalid - duplicate).toLocaleString('en')} sent`;
  if (finishedAt !== undefined) how.append(` · ${moment(finishedAt)}`);
  item.append(badge, link, how);
  return item;
}
