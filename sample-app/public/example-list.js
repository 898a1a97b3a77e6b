/* global document, Event */

const NAMES = ['Sara', 'Omar', 'Lina', 'Ali', 'Noura', 'Huda', 'Fahad'];
const RECIPIENTS = 300;
const TEXT = 'Dear {name}, your order {order} is ready.';

const button = document.getElementById('use-example');

/** Recipients with some of each fate of the simulated gateway, which their last two digits say, and some faults of a list. */
function exampleList() {
  const rows = Array.from({ length: RECIPIENTS }, (_, i) => `${numberOf(i)},${NAMES[i % NAMES.length]},${4001 + i}`);
  return ['mobile,name,order', ...rows, rows[1], '12,No number,1'].join('\n');
}

function numberOf(i) {
  const ending = i % 12 === 5 ? '00' : i % 25 === 7 ? '88' : i % 50 === 9 ? '99' : 10 + (i % 70);
  return `055${String(i).padStart(5, '0')}${ending}`;
}

/** Offers an example, and puts it into the form as if it were typed. */
export function offerExample(form) {
  button.hidden = false;
  button.addEventListener('click', () => {
    const { list, body } = form.elements;
    list.value = exampleList();
    if (body.value === '') body.value = TEXT;
    list.dispatchEvent(new Event('input', { bubbles: true }));
    list.dispatchEvent(new Event('change'));
    document.getElementById('check').focus();
  });
}
