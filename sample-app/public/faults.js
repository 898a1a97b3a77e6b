/* global document */

/** Takes all faults off the fields of a form. */
export function clearFaults(form) {
  for (const note of form.querySelectorAll('.fault')) {
    note.hidden = true;
    note.textContent = '';
  }
  for (const field of form.querySelectorAll('[aria-invalid]')) field.removeAttribute('aria-invalid');
}

/** Shows each fault at its field and goes to the first; gives back those that have no field in the form. */
export function showFaults(form, faults, dests) {
  const others = [];
  for (const fault of faults) {
    const [, name, position] = /^(\w+)(?:\[(\d+)\])?/.exec(fault.field) ?? [];
    const note = name && document.getElementById(`${name}-fault`);
    if (!note) {
      others.push(fault);
      continue;
    }
    const line = document.createElement('span');
    const which = position === undefined || dests.length < 2 ? '' : `Recipient ${Number(position) + 1}: `;
    line.textContent = which + asTyped(fault.reason, dests[Number(position)]);
    note.append(line);
    note.hidden = false;
    form.elements[name].setAttribute('aria-invalid', 'true');
  }
  const first = form.querySelector('[aria-invalid]');
  first?.closest('details')?.setAttribute('open', '');
  first?.focus();
  return others;
}

/** The application masks what it quotes; whoever typed it here may see it. */
function asTyped(reason, typed) {
  return typed === undefined ? reason : reason.replace(/^"[^"]*"/, () => `"${typed.trim()}"`);
}
