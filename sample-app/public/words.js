const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit' };
const time = new Intl.DateTimeFormat(undefined, TIME);
const dateAndTime = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', ...TIME });
const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
];

/** A number with its noun: `1 part`, `1,000 credits`. */
export function count(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

/** A share, whole only when it is, and nothing only when there is nothing. */
export function percent(part, whole) {
  if (whole === 0) return '';
  const share = (part / whole) * 100;
  if (part > 0 && share < 1) return '< 1%';
  return `${part < whole ? Math.min(99, Math.round(share)) : 100}%`;
}

/** When something was: the time alone, when it was today. */
export function moment(iso) {
  const date = new Date(iso);
  return (date.toDateString() === new Date().toDateString() ? time : dateAndTime).format(date);
}

/** How long ago something was, in its largest unit: `4 s`, `12 min`. */
export function age(milliseconds) {
  const seconds = Math.round(milliseconds / 1_000);
  const [unit, size] = UNITS.find(([, length]) => seconds >= length) ?? ['s', 1];
  return `${Math.floor(seconds / size).toLocaleString('en')} ${unit}`;
}

/** Where the numbers come from, as a sentence: a list that was misread shows here. */
export function sourceOf({ numberColumn, headerLine }) {
  if (numberColumn === undefined) return 'Each value is read as a number of its own; no line was read as column names.';
  const names =
    headerLine === undefined
      ? 'no line was read as column names'
      : `line ${headerLine.toLocaleString('en')} was read as column names`;
  return `Numbers are taken from the column ${numberColumn}; ${names}.`;
}
