import { Refusal } from './refusal.js';
import type { SimulatorRequest } from './simulator.records.js';

interface Pair {
  name: string;
  value: string;
  fault?: string;
}

/** The parameters of one request, each pair decoded by itself so that a broken one can still be recorded. */
export class RequestParameters {
  readonly #pairs: Pair[];

  /** @param request Its body is read for a POST, its query for any other method. */
  constructor(request: SimulatorRequest) {
    const isForm = request.method === 'POST';
    const text = isForm ? request.body : request.query;
    this.#pairs = text === '' ? [] : text.split('&').map((pair) => decodePair(pair, isForm));
  }

  /** Name and value as far as they could be decoded; of a repeated name the last. For the record. */
  get all(): Record<string, string> {
    return Object.fromEntries(this.#pairs.map(({ name, value }) => [name, value]));
  }

  /**
   * The parameters by name.
   *
   * @param known The names that the document gives this call.
   * @param secrets What no description may show, should it turn up as the name of a parameter.
   * @throws Refusal for a pair that cannot be decoded, an unknown name and a repeated one.
   */
  strict(known: readonly string[], secrets: readonly string[]): ReadonlyMap<string, string> {
    const values = new Map<string, string>();
    this.#pairs.forEach(({ name, value, fault }, index) => {
      const shown = known.includes(name) ? name : nameForDisplay(name, index, secrets);
      if (fault !== undefined) throw new Refusal(400, `${shown}: ${fault}`);
      if (!known.includes(name)) throw new Refusal(400, `${shown}: unknown parameter`);
      if (values.has(name)) throw new Refusal(400, `${shown}: given more than once`);
      values.set(name, value);
    });
    return values;
  }
}

/**
 * A `+` is a space in a form body. In a query it stays a `+`: that is how it has been seen to reach phones.
 */
function decodePair(pair: string, isForm: boolean): Pair {
  const separator = pair.indexOf('=');
  const name = decode(separator < 0 ? '' : pair.slice(0, separator), isForm);
  const value = decode(pair.slice(separator + 1), isForm);
  const fault = separator < 0 ? 'not written as name=value' : (name.fault ?? value.fault);
  return { name: name.text, value: value.text, fault };
}

function decode(encoded: string, isForm: boolean): { text: string; fault?: string } {
  if (!/^[\x21-\x7e]*$/.test(encoded)) return { text: encoded, fault: 'holds a character that is not percent-encoded' };
  if (/%(?![0-9a-f]{2})/i.test(encoded)) return { text: encoded, fault: 'invalid percent-encoding' };
  try {
    return { text: decodeURIComponent(isForm ? encoded.replaceAll('+', ' ') : encoded) };
  } catch {
    return { text: encoded, fault: 'not valid UTF-8' };
  }
}

/** A name as a description may show it: without what may be a secret. */
export function nameForDisplay(name: string, index: number, secrets: readonly string[]): string {
  const isSecret = secrets.some((secret) => secret.includes(name) || name.includes(secret));
  return /^[a-z][\w.-]{0,39}$/i.test(name) && !isSecret ? name : `parameter ${index + 1}`;
}
