/* global document */
import { count } from './words.js';

const meter = document.getElementById('meter');

/** Says how a text travels: its encoding, its parts, and what is left of the last one. */
export function showMeter({ encoding, parts, units, unitsLeft }) {
  const facts = [
    ['encoding', encoding],
    ['parts', count(parts, 'part')],
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

/** Says nothing: the application gave no answer. */
export function clearMeter() {
  meter.textContent = '';
}
