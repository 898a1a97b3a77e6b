/* global document */

/** Characters listed one by one; the others are counted. */
const LISTED = 6;

const ARABIC = /[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff]/;
const NAMES = {
  '\u00a0': 'no-break space',
  '\u202f': 'narrow no-break space',
  '\u2007': 'figure space',
  '\u2009': 'thin space',
  '\u200b': 'zero-width space',
  '\u200c': 'zero-width non-joiner',
  '\u200d': 'zero-width joiner',
  '\u200e': 'left-to-right mark',
  '\u200f': 'right-to-left mark',
  '\u0640': 'tatweel',
  '\u00ad': 'soft hyphen',
  '\ufeff': 'byte order mark',
  '\ufe0f': 'emoji style mark',
  '\t': 'tab',
  ' ': 'space',
  '': 'nothing',
};

const place = document.getElementById('forcing');

/**
 * Names the characters that make the whole text travel in 16-bit units, with a cheaper one where there is one. Arabic
 * letters are what such a text is for: they are named together.
 */
export function showForcing({ forcing = [] }) {
  place.hidden = forcing.length === 0;
  if (place.hidden) return place.replaceChildren();
  const single = forcing.filter(standsOut);
  const chips = single
    .toSorted((one, other) => Number(other.suggestion !== undefined) - Number(one.suggestion !== undefined))
    .slice(0, LISTED)
    .map(chip);
  if (single.length < forcing.length) chips.unshift(words('Arabic letters'));
  if (single.length > LISTED) chips.push(words(`${single.length - LISTED} more`));
  place.replaceChildren(lead(), ...chips);
}

/** Whether a character is worth a look by itself: it could be a cheaper one, or it is no Arabic letter. */
export function standsOut({ character, suggestion }) {
  return suggestion !== undefined || !ARABIC.test(character);
}

function lead() {
  const sentence = document.createElement('span');
  sentence.className = 'hint';
  sentence.textContent = 'UCS-2 because of';
  return sentence;
}

function words(text) {
  const made = document.createElement('span');
  made.className = 'chip';
  made.textContent = text;
  return made;
}

function chip({ character, positions, suggestion }) {
  const times = positions.length;
  const made = document.createElement('span');
  made.className = 'chip';
  made.append(shown(character));
  made.title = `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  if (times > 1) made.append(` × ${times.toLocaleString('en')}`);
  if (suggestion !== undefined) {
    const arrow = document.createElement('span');
    arrow.className = 'instead';
    arrow.textContent = ' → ';
    made.append(arrow, shown(suggestion));
  }
  return made;
}

/** A character between its own direction marks, or the name of one that cannot be seen. */
function shown(character) {
  const made = document.createElement('bdi');
  const name = NAMES[character];
  made.textContent = name ?? character;
  if (name === undefined) made.className = 'glyph';
  return made;
}
