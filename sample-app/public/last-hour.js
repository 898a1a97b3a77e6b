/* global clearTimeout, document */
import { fillTable, showTime } from './chart.js';
import { ask } from './server.js';
import { count, moment, percent } from './words.js';

/** Looks that follow each other closely are one. */
const TOGETHER_MS = 300;
/** Time alone moves messages out of the hour, and other instances handle reports, too. */
const AGAIN_AFTER_MS = 10_000;
const SVG = 'http://www.w3.org/2000/svg';
/** The size of the picture, and of what is in it. */
const [WIDTH, HEIGHT, BASE, TOP] = [408, 112, 110, 16];
/** From the base of a column to its top. */
const GROUPS = ['delivered', 'undelivered', 'noReportYet'];
const WORDS = { delivered: 'delivered', undelivered: 'undelivered', noReportYet: 'without a report yet' };

const place = document.getElementById('hour');
const empty = document.getElementById('hour-empty');
const chart = document.getElementById('hour-chart');
const table = document.getElementById('hour-table');
let shown;
let next;

/** Keeps the last hour up to date for as long as the page can be seen. */
export function watchLastHour() {
  table.addEventListener('toggle', showTable);
  document.addEventListener('visibilitychange', lookAtLastHour);
}

/** Shows the last hour as it is now. */
export function lookAtLastHour() {
  lookIn(TOGETHER_MS);
}

function lookIn(milliseconds) {
  clearTimeout(next);
  next = document.hidden ? undefined : setTimeout(() => void look(), milliseconds);
}

async function look() {
  const { ok, answer } = await ask('/deliveries/last-hour');
  if (ok) show(answer);
  lookIn(AGAIN_AFTER_MS);
}

function show(hour) {
  place.hidden = hour.sent === 0;
  empty.hidden = !place.hidden;
  const now = JSON.stringify(hour);
  if (place.hidden || chart.dataset.shown === now) return;
  chart.dataset.shown = now;
  shown = hour;
  document.getElementById('hour-rate').textContent = rateOf(hour);
  document.getElementById('hour-counts').textContent =
    `${hour.delivered.toLocaleString('en')} of ${count(hour.sent, 'message')}`;
  document.getElementById('hour-times').textContent = timesOf(hour);
  showTime('hour-from', timeOf(0));
  showTime('hour-to', timeOf(hour.columns.length));
  chart.replaceChildren(drawing(hour));
  showTable();
}

const timeOf = (index) => new Date(Date.parse(shown.from) + index * shown.stepMs).toISOString();
const rateOf = ({ delivered, sent }) => percent(delivered, sent);
const seconds = (milliseconds) =>
  `${(milliseconds / 1_000).toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })} s`;
const partsOf = (column) => GROUPS.map((group) => `${column[group].toLocaleString('en')} ${WORDS[group]}`).join(', ');

function timesOf({ medianMs, p95Ms }) {
  if (medianMs === undefined) return 'No time to delivery yet.';
  return `Time to delivery: median ${seconds(medianMs)}, 95th percentile ${seconds(p95Ms)}.`;
}

/** A column for each step, with its rate above it. */
function drawing(hour) {
  const { columns } = hour;
  const svg = element('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' });
  svg.setAttribute('aria-labelledby', 'hour-picture hour-words');
  const title = element('title', { id: 'hour-picture' }, 'Deliveries in the last hour');
  const words = element('desc', { id: 'hour-words' }, `${partsOf(hour)}. ${timesOf(hour)}`);
  const patterns = element('defs', {});
  patterns.append(pattern('hour-undelivered', 'rotate(45)'), pattern('hour-noReportYet', ''));
  const line = element('line', { x1: 0, x2: WIDTH, y1: BASE, y2: BASE });
  const highest = Math.max(...columns.map(({ sent }) => sent));
  svg.append(title, words, patterns, line, ...columns.map((column, index) => bar(column, index, highest)));
  return svg;
}

function bar(column, index, highest) {
  const width = WIDTH / shown.columns.length;
  const bar = element('g', {});
  if (column.sent === 0) return bar;
  bar.append(element('title', {}, `${moment(timeOf(index))}: ${partsOf(column)}`));
  let y = BASE;
  for (const group of GROUPS) {
    const height = (column[group] / highest) * (BASE - TOP);
    if (height === 0) continue;
    y -= height;
    bar.append(element('rect', { 'data-group': group, x: index * width + 3, y, width: width - 6, height }));
  }
  bar.append(element('text', { x: (index + 0.5) * width, y: y - 4 }, rateOf(column)));
  return bar;
}

/** Stripes: a fate is not told by its colour alone. */
function pattern(id, patternTransform) {
  const made = element('pattern', { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform });
  const stripe = (className, x) => element('rect', { class: className, x, y: 0, width: 3, height: 6 });
  made.append(stripe('dark', 0), stripe('light', 3));
  return made;
}

function element(tag, attributes, text = '') {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function showTable() {
  if (!table.open || shown === undefined) return;
  const rows = shown.columns.flatMap((column, index) => {
    if (column.sent === 0) return [];
    const numbers = GROUPS.map((group) => column[group].toLocaleString('en'));
    return [[moment(timeOf(index)), ...numbers, rateOf(column)]];
  });
  fillTable(table, rows);
}
