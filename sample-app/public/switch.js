/**
 * Makes a switch work. `turn` asks the application and says whether it did it. Gives back a function that shows what the
 * application says, unless the switch is ahead of it.
 */
export function wireSwitch(input, turn) {
  let isTurning = false;

  input.addEventListener('change', async () => {
    const wanted = input.checked;
    isTurning = true;
    const ok = await turn(wanted);
    isTurning = false;
    input.checked = ok ? wanted : !wanted;
  });

  return (isOn) => {
    if (!isTurning) input.checked = isOn;
  };
}
