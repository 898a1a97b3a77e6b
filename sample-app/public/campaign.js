/* global document, location */
import { balance } from './balance.js';
import { linkTo, refreshCampaigns, wireCampaigns } from './campaigns.js';
import { hideCheck, showCheck } from './checked.js';
import { offerExample } from './example-list.js';
import { clearFaults, showFaults } from './faults.js';
import { forgetUpload, uploadedList, wireRecipients } from './recipients.js';
import { ask, faultsOf } from './server.js';
import { showStatus } from './status.js';
import { watchCampaign, wireWatched } from './watched.js';

const form = document.getElementById('campaign');
const check = document.getElementById('check');
const start = document.getElementById('start');
const formFault = document.getElementById('form-fault');
const NOT_FOUND = 404;

/** What was checked: it is what is started. */
let checked;
/** Counts what is typed: a check that comes too late is not shown. */
let drafts = 0;

const readMessage = () => {
  const { src, body, dlr } = form.elements;
  return { src: src.value, body: body.value, ...(dlr.checked ? { dlr: true } : {}) };
};

/** Arabic-Indic and Persian digits are digits. */
const toAscii = (text) => text.replace(/[٠-٩۰-۹]/g, (digit) => digit.charCodeAt(0) & 0xf);

function newName() {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString();
  form.elements.id.value = local.slice(0, 19).replace('T', ' ');
}

function showAnswer(answer) {
  const others = showFaults(form, faultsOf(answer), []);
  const known = faultsOf(answer).length > 0;
  formFault.textContent = known ? others.map(({ field, reason }) => `${field} ${reason}`).join('; ') : answer.message;
  formFault.hidden = formFault.textContent === '';
}

/** No message can be made: that is told once, at the text, and not for each recipient. */
function showUnknownFields(unknown, fields) {
  const inBraces = (names) => names.map((name) => `{${name}}`).join(', ');
  const reason = `The list has no column for ${inBraces(unknown)}. It has ${inBraces(fields)}.`;
  showFaults(form, [{ field: 'body', reason }], []);
}

/** Uploads the list and asks. A list that the application has forgotten is uploaded again, once. */
async function askCheck(message, isAgain = false) {
  const uploaded = await uploadedList();
  if (uploaded === undefined) return undefined;
  const { list, fields } = uploaded;
  const { ok, answer } = await ask('/campaigns/check', { body: { list, message } });
  if (!ok && answer.statusCode === NOT_FOUND && !isAgain) {
    forgetUpload();
    return askCheck(message, true);
  }
  return { ok, answer, list, fields };
}

async function lookAt() {
  clearFaults(form);
  const rate = Number(toAscii(form.elements.rate.value));
  if (!(Number.isInteger(rate) && rate >= 1 && rate <= 1_000)) {
    return void showFaults(form, [{ field: 'rate', reason: 'A whole number from 1 to 1,000.' }], []);
  }
  check.disabled = true;
  check.textContent = 'Checking…';
  const draft = drafts;
  const message = readMessage();
  const came = await askCheck(message);
  check.disabled = false;
  check.textContent = 'Check';
  if (came === undefined || draft !== drafts) return;
  if (!came.ok) return showAnswer(came.answer);
  const { unknownFields } = came.answer;
  if (unknownFields.length > 0) return showUnknownFields(unknownFields, came.fields);
  checked = { list: came.list, message, rate };
  showCheck(came.answer, rate);
  document.getElementById('check-title').focus();
}

async function begin() {
  start.disabled = true;
  start.textContent = 'Starting…';
  const id = form.elements.id.value.trim();
  const { ok, answer } = await ask('/campaigns', { body: { id, ...checked } });
  hideCheck();
  if (!ok) {
    if (answer.statusCode === NOT_FOUND) forgetUpload();
    return showAnswer(answer);
  }
  if (answer.isNew) {
    forgetUpload();
    newName();
  } else {
    showFaults(form, [{ field: 'id', reason: 'There is a campaign of this name: choose another one.' }], []);
  }
  location.hash = linkTo(id);
  watchCampaign(id, { focus: true });
}

form.addEventListener('input', () => {
  drafts += 1;
  hideCheck();
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!check.disabled) void lookAt();
});
start.addEventListener('click', () => void begin());
newName();
wireRecipients();
wireWatched(() => {
  balance.refresh();
  void refreshCampaigns();
});
wireCampaigns();
balance.refresh();
const status = await showStatus();
if (status?.gateway === 'simulated') offerExample(form);
