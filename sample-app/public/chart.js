/* global document */
import { moment } from './words.js';

/** Shows a moment in a `time` element of the axis. */
export function showTime(id, iso) {
  const time = document.getElementById(id);
  time.dateTime = iso;
  time.textContent = moment(iso);
}

/** Fills the table of a chart: the texts of its rows. */
export function fillTable(table, rows) {
  table.querySelector('tbody').replaceChildren(
    ...rows.map((texts) => {
      const row = document.createElement('tr');
      for (const text of texts) {
        const cell = document.createElement('td');
        cell.textContent = text;
        row.append(cell);
      }
      return row;
    }),
  );
}
