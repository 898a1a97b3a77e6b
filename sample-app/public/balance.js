/* global clearTimeout, document */
import { ask } from './server.js';
import { count } from './words.js';

/** Many reports in a row ask once. */
const QUIET_MS = 250;

const output = document.getElementById('balance');
let due;
let asked = 0;

async function show() {
  const mine = ++asked;
  const { ok, answer } = await ask('/credits');
  if (mine !== asked) return;
  output.textContent = ok ? count(answer.credits, 'credit') : 'not available';
}

/** The balance in the head of the page. */
export const balance = {
  /** Shows it anew, soon. */
  refresh() {
    clearTimeout(due);
    due = setTimeout(() => void show(), QUIET_MS);
  },
};
