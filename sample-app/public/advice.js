/* global document */

const place = document.getElementById('advice');
let shown = '';

/** Shows what may keep the message from arriving. What stays the same stays as it is, opened or not. */
export function showAdvice(advice) {
  const now = JSON.stringify(advice);
  if (now === shown) return;
  shown = now;
  const open = new Set([...place.querySelectorAll('details[open]')].map(({ dataset }) => dataset.code));
  place.replaceChildren(...advice.map((piece) => row(piece, open.has(piece.code))));
  place.hidden = advice.length === 0;
}

function row({ code, message, source }, isOpen) {
  const item = document.createElement('details');
  item.dataset.code = code;
  item.open = isOpen;
  const sentence = document.createElement('summary');
  sentence.textContent = message;
  sentence.title = source;
  const from = document.createElement('p');
  from.textContent = `${source}.`;
  item.append(sentence, from);
  return item;
}
