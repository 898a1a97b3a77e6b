/* global document */
import { balance } from './balance.js';
import { wireComposer } from './compose.js';
import { showInbox, showInboxLost, wireInbox } from './inbox.js';
import { lookAtLastHour, watchLastHour } from './last-hour.js';
import { showConnection, showReport } from './reports.js';
import { showStatus } from './status.js';
import { watchStream } from './stream.js';

/** Says which gateway is used and where reports are kept. */
async function showWhere() {
  const status = await showStatus();
  if (status !== undefined) document.getElementById('storage').textContent = status.storage;
}

wireComposer({
  onSent: () => {
    balance.refresh();
    lookAtLastHour();
  },
});
wireInbox();
watchLastHour();
watchStream({
  onOpen: () => {
    showConnection(true);
    void showWhere();
    balance.refresh();
    lookAtLastHour();
  },
  onLost: () => {
    showConnection(false);
    showInboxLost();
  },
  events: {
    message: (report) => {
      if (!showReport(report)) return;
      balance.refresh();
      lookAtLastHour();
    },
    inbox: showInbox,
  },
});
