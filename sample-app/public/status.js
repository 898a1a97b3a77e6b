/* global document */
import { ask } from './server.js';

const REAL = 'Real gateway: messages cost money';
const SIMULATED = 'Simulated gateway: nothing is really sent';
const TRY = 'Try it: a number ending in 00 is not delivered, in 88 not reported, in 99 rejected.';

/** Says which gateway is used, and begins with the sender. Gives back what the application says, if it does. */
export async function showStatus() {
  const { ok, answer } = await ask('/status');
  if (!ok) return undefined;
  const banner = document.getElementById('banner');
  const isReal = answer.gateway === 'real';
  const words = document.createElement('strong');
  words.textContent = isReal ? REAL : SIMULATED;
  banner.replaceChildren(words, isReal ? '' : TRY);
  banner.classList.toggle('real', isReal);
  banner.hidden = false;
  const sender = document.getElementById('src');
  if (sender.value === '') sender.value = answer.src;
  return answer;
}
