/* global AbortController, clearTimeout */
import { showAdvice } from './advice.js';
import { balance } from './balance.js';
import { wireCheaper, showCheaper } from './cheaper.js';
import { showCost } from './cost.js';
import { showForcing } from './forcing.js';
import { clearMeter, showMeter } from './meter.js';
import { ask } from './server.js';
import { showSplit } from './split.js';

const QUIET_MS = 150;
const NOTHING = { parts: 0, recipients: 0, advice: [] };

/** Shows what a message will take and what to mind, while it is written. Only the answer to the latest draft is shown. */
export function watchMessage(form, readDraft) {
  let due;
  let latest = new AbortController();
  let shown = NOTHING;

  const look = async () => {
    latest.abort();
    latest = new AbortController();
    const { signal } = latest;
    const draft = readDraft();
    const { ok, answer } = await ask('/messages/preview', { body: draft, signal });
    if (signal.aborted) return;
    if (ok) showMeter(answer);
    else clearMeter();
    shown = ok ? answer : NOTHING;
    showForcing(shown);
    showCheaper(draft.body, shown);
    showSplit(draft.body, shown);
    showCost(shown, balance.credits);
    showAdvice(shown.advice);
  };
  const soon = () => {
    clearTimeout(due);
    due = setTimeout(() => void look(), QUIET_MS);
  };
  form.addEventListener('input', soon);
  balance.watch(() => showCost(shown, balance.credits));
  wireCheaper(form.elements.body);
  soon();
}
