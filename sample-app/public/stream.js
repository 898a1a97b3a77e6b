/* global clearTimeout, document, EventSource */

const AGAIN_AFTER_MS = 3_000;

/**
 * Listens to the application for as long as the page can be seen. `onOpen` is called with each connection, `onLost` when
 * there is none any more, and `events` names a function for each type of event. Gives back a function that ends it.
 */
export function watchStream({ path = '/dlrs', onOpen, onLost, events }) {
  let source;
  let again;

  const open = () => {
    source = new EventSource(path);
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

  const close = () => {
    clearTimeout(again);
    source?.close();
  };
  const turn = () => {
    close();
    onLost();
    if (!document.hidden) open();
  };

  document.addEventListener('visibilitychange', turn);
  if (!document.hidden) open();
  return () => {
    document.removeEventListener('visibilitychange', turn);
    close();
  };
}
