/* global document */
import { showAdvice } from './advice.js';
import { showForcing } from './forcing.js';
import { age, count, sourceOf } from './words.js';

const place = document.getElementById('checked');
const verdict = document.getElementById('check-verdict');
const facts = document.getElementById('check-facts');
const source = document.getElementById('check-source');
const cost = document.getElementById('check-cost');
const dear = document.getElementById('dear-fields');
const faults = document.getElementById('check-faults');
const example = document.getElementById('check-example');
const start = document.getElementById('start');

/** Shows what a campaign comes to before it is started. */
export function showCheck(check, rate) {
  const { valid, sufficient, parts, credits, text, unicode, advice } = check;
  const isShort = valid > 0 && !sufficient;
  verdict.textContent =
    valid === 0
      ? 'Nobody can be sent to.'
      : isShort
        ? `${count(parts, 'credit')} needed, ${credits.toLocaleString('en')} at hand: it will stop when they are used up.`
        : `${count(parts, 'credit')}: leaves ${(credits - parts).toLocaleString('en')} of ${credits.toLocaleString('en')}.`;
  verdict.className = `verdict ${valid === 0 ? 'bad' : isShort ? 'fair' : 'good'}`;
  facts.replaceChildren(...['valid', 'invalid', 'duplicate'].map((name) => fact(name, check[name])));
  source.textContent = sourceOf(check);
  cost.textContent = valid === 0 ? '' : `${partsOf(check)} ${timeOf(check, rate)}`;
  showForcing(unicode > 0 ? text : {});
  showDearFields(check);
  showFaults(check);
  showExample(check);
  showAdvice(advice);
  start.disabled = valid === 0;
  start.textContent = valid === 0 ? 'Start' : `Start: ${count(valid, 'message')}`;
  place.hidden = false;
}

/** What was checked is not what stands in the form any more. */
export function hideCheck() {
  place.hidden = true;
}

function fact(name, number) {
  const pair = document.createElement('div');
  const term = document.createElement('dt');
  term.textContent = { valid: 'Valid', invalid: 'Invalid', duplicate: 'Duplicates' }[name];
  const value = document.createElement('dd');
  value.dataset.fact = name;
  value.textContent = number.toLocaleString('en');
  value.classList.toggle('alarming', name === 'invalid' && number > 0);
  pair.append(term, value);
  return pair;
}

function partsOf({ partsEach: { least, most }, unicode, valid }) {
  const each = least === most ? count(least, 'part') : `${least} to ${count(most, 'part')}`;
  const encoding = unicode === 0 ? 'GSM-7' : unicode === valid ? 'UCS-2' : `UCS-2 for ${unicode.toLocaleString('en')}`;
  return `${each} each, ${encoding}.`;
}

function timeOf({ requests }, rate) {
  return `${count(requests, 'request')}: about ${age((requests / rate) * 1_000 + 1_000)} at ${count(rate, 'request')} a second.`;
}

function showDearFields({ unicodeFields }) {
  const names = Object.entries(unicodeFields).map(([name, times]) => `{${name}} (${count(times, 'message')})`);
  dear.hidden = names.length === 0;
  dear.textContent = `Dearer because of what stands in ${names.join(', ')}: no GSM-7 characters.`;
}

function showFaults({ invalid, faults: named }) {
  faults.hidden = invalid === 0;
  const rest = named.length < invalid ? `, the first ${named.length}` : '';
  faults.querySelector('summary').textContent = `Why they are invalid${rest}`;
  const rows = named.map(({ line, dest, reason }) => {
    const item = document.createElement('li');
    const who = document.createElement('bdi');
    who.textContent = dest === '' ? 'nothing' : dest;
    item.append(`Line ${line.toLocaleString('en')}: `, who, ` ${/^has /.test(reason) ? '' : 'is '}${reason}`);
    return item;
  });
  faults.querySelector('ul').replaceChildren(...rows);
}

function showExample({ example: first }) {
  example.hidden = first === undefined;
  if (first === undefined) return;
  const [who, text] = example.children;
  who.textContent = `What ${first.dest} gets`;
  text.textContent = first.text;
}
