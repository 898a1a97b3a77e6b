/* global document, Event */
import { ask } from './server.js';
import { sourceOf } from './words.js';

const LARGEST_BYTES = 64 * 1_048_576;
const FEWEST_DIGITS = 7;

const pasted = document.getElementById('list');
const file = document.getElementById('file');
const chosen = document.getElementById('chosen');
const fault = document.getElementById('list-fault');
const fields = document.getElementById('fields');
const source = document.getElementById('list-source');
const body = document.getElementById('body');

/** The list as it was uploaded last, or is being uploaded; undefined when it has changed since. */
let upload;

/** Numbers side by side are one list, and not columns. */
function toCsv(text) {
  const pieces = text.split(/[\n,،;؛\t]/).filter((piece) => piece.trim() !== '');
  const areNumbers = pieces.every(
    (piece) => /^[\p{Nd}\s+().\p{Pd}\p{Cf}]+$/u.test(piece) && piece.match(/\p{Nd}/gu)?.length >= FEWEST_DIGITS,
  );
  return areNumbers ? pieces.join('\n') : text;
}

function say(sentence = '') {
  fault.textContent = sentence;
  fault.hidden = sentence === '';
  pasted.toggleAttribute('aria-invalid', sentence !== '');
  if (sentence !== '') pasted.setAttribute('aria-invalid', 'true');
}

async function send() {
  const [given] = file.files;
  if (given === undefined && pasted.value.trim() === '') return { message: 'Give some recipients.' };
  if (given?.size > LARGEST_BYTES) return { message: 'The file is larger than 64 MB.' };
  const { ok, answer } = await ask('/campaigns/lists', { csv: given ?? toCsv(pasted.value) });
  return ok ? answer : { message: String(answer.message) };
}

/** The list on the application's side, uploaded if it is not there yet; undefined when it cannot be used. */
export async function uploadedList() {
  const mine = (upload ??= send());
  const { message, ...answer } = await mine;
  // It has changed in the meantime.
  if (mine !== upload) return uploadedList();
  say(message);
  showFields(answer.hasHeader ? answer.fields : []);
  source.textContent = message === undefined ? sourceOf(answer) : '';
  if (message === undefined) return answer;
  upload = undefined;
  return undefined;
}

/** The application does not have it any more. */
export function forgetUpload() {
  upload = undefined;
}

/** Offers the fields of the list for the text. */
function showFields(names) {
  const buttons = names.slice(0, 20).map((name) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'second';
    button.textContent = `{${name}}`;
    button.setAttribute('aria-label', `Put {${name}} into the text`);
    button.addEventListener('click', () => {
      body.setRangeText(`{${name}}`, body.selectionStart, body.selectionEnd, 'end');
      body.dispatchEvent(new Event('input', { bubbles: true }));
      body.focus();
    });
    return button;
  });
  fields.replaceChildren(...buttons);
  fields.hidden = buttons.length === 0;
}

function changed() {
  upload = undefined;
  source.textContent = '';
  say();
}

function showChoice() {
  const [given] = file.files;
  pasted.hidden = given !== undefined;
  chosen.hidden = given === undefined;
  document.getElementById('chosen-name').textContent = given?.name ?? '';
  showFields([]);
  changed();
  if (given) void uploadedList();
}

/** Makes the fields for the list work. */
export function wireRecipients() {
  pasted.addEventListener('input', changed);
  // Its fields can be offered as soon as it is there.
  pasted.addEventListener('change', () => {
    if (pasted.value.trim() !== '') void uploadedList();
  });
  file.addEventListener('change', showChoice);
  document.getElementById('unchoose').addEventListener('click', () => {
    file.value = '';
    showChoice();
    file.dispatchEvent(new Event('input', { bubbles: true }));
    pasted.focus();
  });
}
