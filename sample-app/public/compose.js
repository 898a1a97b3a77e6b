/* global document, FormData */
import { clearFaults, showFaults } from './faults.js';
import { watchMessage } from './preview.js';
import { showFailure, showReceipt } from './result.js';
import { ask, faultsOf } from './server.js';

const form = document.getElementById('compose');
const button = document.getElementById('send');
const WHOLE_NUMBERS = ['priority', 'delay', 'validity', 'maxParts', 'prevDups'];

/** Recipients as they stand in the form: one on each line, or separated by commas of either script. */
function readRecipients() {
  return form.elements.dests.value.split(/[\n,،;؛]/).filter((number) => number.trim() !== '');
}

/** The message, with what is set and nothing else. */
function readMessage() {
  const fields = new FormData(form);
  const message = { src: fields.get('src'), dests: readRecipients(), body: fields.get('body') };
  if (form.elements.dlr.checked) message.dlr = true;
  for (const name of WHOLE_NUMBERS) {
    const text = fields.get(name).trim();
    if (text !== '') message[name] = /^\d+$/.test(text) ? Number(text) : text;
  }
  const reference = fields.get('reference').trim();
  if (reference !== '') message.reference = reference;
  if (fields.get('msgClass') !== '') message.msgClass = fields.get('msgClass');
  return message;
}

/** What is written so far, as far as it can be read: half a number of minutes is none. */
function readDraft() {
  const { src, body, msgClass, delay } = form.elements;
  return {
    body: body.value,
    src: src.value,
    dests: readRecipients(),
    ...(msgClass.value === '' ? {} : { msgClass: msgClass.value }),
    ...(/^\d{1,9}$/.test(delay.value.trim()) ? { delay: Number(delay.value) } : {}),
  };
}

async function send(onSent) {
  clearFaults(form);
  button.disabled = true;
  button.textContent = 'Sending…';
  const message = readMessage();
  const { ok, answer } = await ask('/messages', { body: message });
  button.disabled = false;
  button.textContent = 'Send';
  if (ok) {
    showReceipt(answer, message);
  } else {
    const faults = faultsOf(answer);
    showFailure(answer, faults, showFaults(form, faults, message.dests));
  }
  onSent();
}

/** Makes the form work. `onSent` is called after each send, whatever came of it. */
export function wireComposer({ onSent }) {
  watchMessage(form, readDraft);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!button.disabled) void send(onSent);
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}
