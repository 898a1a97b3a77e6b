/* global document */
import { count } from './words.js';

const place = document.getElementById('cost');
const NOTE = 'One credit for each part is the usual price. The receipt says what was charged.';

/** Says what the message costs for its recipients, beside the balance as far as it is known. */
export function showCost({ parts, recipients }, credits) {
  place.hidden = parts === 0 || recipients === 0;
  if (place.hidden) return;
  const cost = parts * recipients;
  const isShort = credits !== undefined && cost > credits;
  const total = document.createElement('strong');
  total.textContent = count(cost, 'credit');
  const sum = document.createElement('span');
  sum.textContent = `${count(parts, 'part')} × ${count(recipients, 'recipient')}`;
  const rest = document.createElement('span');
  rest.className = 'rest';
  if (credits !== undefined) {
    rest.textContent = isShort
      ? `more than the balance of ${credits.toLocaleString('en')}`
      : `leaves ${(credits - cost).toLocaleString('en')} of ${credits.toLocaleString('en')}`;
  }
  place.replaceChildren(total, sum, rest);
  place.classList.toggle('short', isShort);
  place.title = NOTE;
}
