/* global document */
import { standsOut } from './forcing.js';
import { count } from './words.js';

const place = document.getElementById('split');
const title = document.getElementById('split-title');
const text = document.getElementById('split-text');

/**
 * Shows where a text of several parts splits, and where the characters stand that make it dear. `boundaries` are the
 * indexes where the parts after the first begin.
 */
export function showSplit(body, { parts, boundaries = [], forcing = [] }) {
  const marks = new Map(
    forcing.filter(standsOut).flatMap(({ character, positions }) => positions.map((at) => [at, character.length])),
  );
  place.hidden = boundaries.length === 0 && marks.size === 0;
  if (place.hidden) return text.replaceChildren();
  title.textContent =
    boundaries.length > 0
      ? `Where it splits into ${count(parts, 'part')}; the phone joins them again`
      : 'Where these characters stand';
  const ends = [...boundaries, body.length];
  const pieces = ends.map((end, index) => {
    const piece = document.createElement('span');
    piece.className = 'part';
    if (boundaries.length > 0) piece.dataset.part = String(index + 1);
    piece.append(...marked(body, index === 0 ? 0 : ends[index - 1], end, marks));
    return piece;
  });
  text.replaceChildren(...pieces);
}

/** The text from `start` to `end`, with marks around what stands at the marked places. */
function marked(body, start, end, marks) {
  const nodes = [];
  let done = start;
  for (let at = start; at < end; at++) {
    const length = marks.get(at);
    if (length === undefined) continue;
    const mark = document.createElement('mark');
    mark.textContent = body.slice(at, at + length);
    nodes.push(body.slice(done, at), mark);
    done = at + length;
  }
  return [...nodes, body.slice(done, end)];
}
