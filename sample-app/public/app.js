/* global document */
import { balance } from './balance.js';
import { wireComposer } from './compose.js';
import { showInbox, showInboxLost, wireInbox } from './inbox.js';
import { showConnection, showReport } from './reports.js';
import { ask } from './server.js';
import { watchStream } from './stream.js';

const REAL = 'Real gateway: messages cost money';
const SIMULATED = 'Simulated gateway: nothing is really sent';
const TRY = 'Try it: a number ending in 00 is not delivered, one ending in 99 is rejected.';

/** Says which gateway is used and where reports are kept, and begins with the sender. */
async function showStatus() {
  const { ok, answer } = await ask('/status');
  if (!ok) return;
  const banner = document.getElementById('banner');
  const isReal = answer.gateway === 'real';
  const words = document.createElement('strong');
  words.textContent = isReal ? REAL : SIMULATED;
  banner.replaceChildren(words, isReal ? '' : TRY);
  banner.classList.toggle('real', isReal);
  banner.hidden = false;
  document.getElementById('storage').textContent = answer.storage;
  const sender = document.getElementById('src');
  if (sender.value === '') sender.value = answer.src;
}

wireComposer({ onSent: balance.refresh });
wireInbox();
watchStream({
  onOpen: () => {
    showConnection(true);
    void showStatus();
    balance.refresh();
  },
  onLost: () => {
    showConnection(false);
    showInboxLost();
  },
  events: {
    message: (report) => {
      if (showReport(report)) balance.refresh();
    },
    inbox: showInbox,
  },
});
