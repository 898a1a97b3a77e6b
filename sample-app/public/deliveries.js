/* global document */
import { fillTable, showTime } from './chart.js';
import { age, count, moment } from './words.js';

/** A chart that has just begun is as wide as one of so many columns. */
const FEWEST_COLUMNS = 20;

const place = document.getElementById('deliveries');
const chart = document.getElementById('columns');
const hint = document.getElementById('deliveries-hint');
const table = document.getElementById('deliveries-table');
let shown;

/** Shows the final reports of a campaign over time; nothing where there are none. */
export function showDeliveries(deliveries) {
  place.hidden = deliveries === undefined;
  if (place.hidden) return;
  const now = JSON.stringify(deliveries);
  if (chart.dataset.shown === now) return;
  chart.dataset.shown = now;
  shown = deliveries;
  const { columns, stepMs } = deliveries;
  const width = Math.max(FEWEST_COLUMNS, columns.length);
  const highest = Math.max(...columns.map(({ delivered, undelivered }) => delivered + undelivered));
  chart.replaceChildren(...Array.from({ length: width }, (_, i) => makeColumn(columns[i], highest)));
  chart.setAttribute('aria-label', summaryOf(deliveries));
  showTime('deliveries-from', timeOf(0));
  showTime('deliveries-to', timeOf(width));
  hint.textContent = `Each column is ${age(stepMs)}; the highest is ${count(highest, 'report')}. Counted as the reports came in here.`;
  if (table.open) showTable();
}

table.addEventListener('toggle', () => {
  if (table.open) showTable();
});

const timeOf = (index) => new Date(Date.parse(shown.from) + index * shown.stepMs).toISOString();

function makeColumn({ delivered = 0, undelivered = 0 } = {}, highest) {
  const column = document.createElement('span');
  for (const [group, number] of Object.entries({ undelivered, delivered })) {
    if (number === 0) continue;
    const part = document.createElement('span');
    part.dataset.group = group;
    part.style.blockSize = `${(number / highest) * 100}%`;
    column.append(part);
  }
  return column;
}

function summaryOf({ columns, stepMs }) {
  const sum = (group) => columns.reduce((all, column) => all + column[group], 0);
  return `In ${age(columns.length * stepMs)}: ${sum('delivered').toLocaleString('en')} delivered, ${sum('undelivered').toLocaleString('en')} undelivered`;
}

function showTable() {
  const rows = shown.columns.flatMap(({ delivered, undelivered }, index) =>
    delivered + undelivered === 0
      ? []
      : [[moment(timeOf(index)), delivered.toLocaleString('en'), undelivered.toLocaleString('en')]],
  );
  fillTable(table, rows);
}
