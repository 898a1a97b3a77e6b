/* global fetch */

/**
 * Asks the application, and never throws: `ok` says whether it did what was asked, `answer` is its JSON. Without any
 * answer, `answer` says so in the form that errors have. `body` is sent as JSON; `csv`, a text or a file, as it is.
 */
export async function ask(path, { method, body, csv, signal } = {}) {
  const post = (type, content) => ({ method: 'POST', headers: { 'content-type': type }, body: content, signal });
  const json = () => (body === undefined ? { method, signal } : post('application/json', JSON.stringify(body)));
  const request = csv === undefined ? json() : post('text/csv', csv);
  try {
    const response = await fetch(path, request);
    return { ok: response.ok, answer: await response.json() };
  } catch {
    const message = 'The application gave no answer. Is it still running?';
    return { ok: false, aborted: signal?.aborted ?? false, answer: { message, outcome: 'unknown' } };
  }
}

/** Every fault that an answer names, as field and reason: those of the module, and those of the ValidationPipe. */
export function faultsOf({ faults, message }) {
  if (Array.isArray(faults)) return faults;
  if (!Array.isArray(message)) return [];
  return message.flatMap((sentence) => sentence.split('; ')).map(readSentence);
}

/** `dests dests[0] "050" is too short` and `delay must be…`: the last name of a field at the start is meant. */
function readSentence(sentence) {
  const [, field, reason] = /^(?:dests (?=dests\b))?(\w+(?:\[\d+\])?) (.*)$/s.exec(sentence) ?? [];
  return field === undefined ? { field: '', reason: sentence } : { field, reason };
}
