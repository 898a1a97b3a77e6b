/* global clearTimeout, document, EventSource */

const AGAIN_AFTER_MS = 3_000;

/**
 * Listens to the application for as long as the page can be seen. `onOpen` is called with each connection, `onLost` when
 * there is none any more, and `events` names a function for each type of event.
 */
export function watchStream({ onOpen, onLost, events }) {
  let source;
  let again;

  const open = () => {
    source = new EventSource('/dlrs');
    source.addEventListener('open', onOpen);
    for (const [type, show] of Object.entries(events)) {
      source.addEventListener(type, ({ data }) => show(JSON.parse(data)));
    }
    source.addEventListener('error', () => {
      onLost();
      // The browser tries again by itself, but not after an answer other than 200.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN_AFTER_MS);
    });
  };

  document.addEventListener('visibilitychange', () => {
    clearTimeout(again);
    source?.close();
    onLost();
    if (!document.hidden) open();
  });
  if (!document.hidden) open();
}
