/* global document */
import { ask } from './server.js';
import { count } from './words.js';

const place = document.getElementById('inputs');
const GROUPS = {
  ...{ undelivered: 'Undelivered', noReportYet: 'No report yet', missing: 'Missing' },
  ...{ rejected: 'Rejected', unknown: 'Unknown', notSent: 'Not sent', leftOut: 'Left out' },
};
const FATES = {
  ...{ duplicate: 'given before', notSent: 'not sent', unknown: 'it may have been sent' },
  ...{ noReportYet: 'no report has come', missing: 'no report has come' },
};

/** Fates whose reason is the status of the last report. */
const REPORTED = new Set(['undelivered', 'noReportYet', 'missing']);

/** The campaign that is shown, and its folds by group. */
let address;
const folds = new Map();

/** Offers who came to what and why, group by group: `facts` has how many there are of each. */
export function showInputs(campaignAddress, facts) {
  if (address !== campaignAddress) {
    folds.clear();
    place.replaceChildren();
    address = campaignAddress;
  }
  for (const [group, word] of Object.entries(GROUPS)) {
    const number = facts[group] ?? 0;
    if (number === 0 && !folds.has(group)) continue;
    const fold = folds.get(group) ?? makeFold(group);
    fold.hidden = number === 0;
    const title = `${word}: ${count(number, 'recipient')}`;
    if (fold.title === title) continue;
    fold.title = title;
    fold.querySelector('summary').textContent = title;
    if (fold.open) void fill(fold, group);
  }
}

function makeFold(group) {
  const fold = document.createElement('details');
  fold.dataset.group = group;
  const list = document.createElement('ul');
  list.setAttribute('role', 'list');
  const link = document.createElement('a');
  link.href = `${address}/inputs/${group}/csv`;
  link.download = `${group}.csv`;
  link.textContent = 'Download all, with whole numbers (CSV)';
  fold.append(document.createElement('summary'), list, link);
  fold.addEventListener('toggle', () => {
    if (fold.open) void fill(fold, group);
  });
  folds.set(group, fold);
  // In the order of the facts.
  const order = Object.keys(GROUPS);
  place.replaceChildren(...order.flatMap((name) => folds.get(name) ?? []));
  return fold;
}

async function fill(fold, group) {
  const { ok, answer } = await ask(`${address}/inputs/${group}`);
  if (folds.get(group) !== fold) return;
  const rows = ok ? answer.inputs.map(row) : [note(String(answer.message))];
  if (ok && answer.hasMore) rows.push(note(`The first ${answer.inputs.length} are listed.`));
  fold.querySelector('ul').replaceChildren(...rows);
}

function row({ dest, fate, reason }) {
  const item = document.createElement('li');
  const who = document.createElement('bdi');
  who.textContent = dest === '' ? 'nothing' : dest;
  const known = reason !== undefined && REPORTED.has(fate) ? `its last report says ${reason}` : reason;
  item.append(who, `: ${known ?? FATES[fate] ?? 'the gateway gave no reason'}`);
  return item;
}

function note(text) {
  const item = document.createElement('li');
  item.textContent = text;
  return item;
}
