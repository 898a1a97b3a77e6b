/* global clearTimeout, document */
import { ask } from './server.js';
import { count } from './words.js';

/** Many reports in a row ask once. */
const QUIET_MS = 250;

const output = document.getElementById('balance');
let due;
let asked = 0;
let credits;
let onChange = () => undefined;

async function show() {
  const mine = ++asked;
  const { ok, answer } = await ask('/credits');
  if (mine !== asked) return;
  credits = ok ? answer.credits : undefined;
  onChange();
  output.textContent = ok ? count(answer.credits, 'credit') : 'not available';
}

/** The balance in the head of the page. */
export const balance = {
  /** The credits as last heard of; undefined when they are not known. */
  get credits() {
    return credits;
  },
  /** Calls a function each time the credits were asked for. */
  watch(listener) {
    onChange = listener;
  },
  /** Shows it anew, soon. */
  refresh() {
    clearTimeout(due);
    due = setTimeout(() => void show(), QUIET_MS);
  },
};
