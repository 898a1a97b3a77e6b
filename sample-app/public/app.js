/* global document */
import { balance } from './balance.js';
import { wireComposer } from './compose.js';
import { showInbox, showInboxLost, wireInbox } from './inbox.js';
import { showConnection, showReport } from './reports.js';
import { showStatus } from './status.js';
import { watchStream } from './stream.js';

/** Says which gateway is used and where reports are kept. */
async function showWhere() {
  const status = await showStatus();
  if (status !== undefined) document.getElementById('storage').textContent = status.storage;
}

wireComposer({ onSent: balance.refresh });
wireInbox();
watchStream({
  onOpen: () => {
    showConnection(true);
    void showWhere();
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
