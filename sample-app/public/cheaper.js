/* global document, Event */
import { count } from './words.js';

const place = document.getElementById('cheaper');
const button = document.getElementById('use-cheaper');
const gain = document.getElementById('cheaper-gain');
let cheaper = '';

/** Offers the text with cheaper characters when there is one and it saves something. */
export function showCheaper(body, { simplified, simplifiedText, ...text }) {
  const saving = simplified === undefined || simplified === body ? '' : savingOf(text, simplifiedText);
  place.hidden = saving === '';
  if (place.hidden) return;
  cheaper = simplified;
  gain.textContent = saving;
}

function savingOf(text, simpler) {
  if (simpler.parts < text.parts)
    return `${count(simpler.parts, 'part')} instead of ${text.parts.toLocaleString('en')}`;
  if (simpler.encoding !== text.encoding) return `${simpler.encoding}, ${simpler.unitsLeft.toLocaleString('en')} left`;
  return simpler.units < text.units ? `${count(text.units - simpler.units, 'unit')} less` : '';
}

/** Puts it into the field when the button is pressed, as if it were typed. */
export function wireCheaper(field) {
  button.addEventListener('click', () => {
    field.value = cheaper;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.focus();
  });
}
