import { Refusal } from './refusal.js';
import type { SimulatorRequest } from './simulator.records.js';

interface Pair {
  name: string;
  value: string;
  fault?: string;
}

/** The parameters of one request. Each pair is decoded alone, so that an invalid one does not keep others from the record. */
export class RequestParameters {
  readonly #pairs: Pair[];

  /** @param request The parameters are in the body of a POST, and in the query for any other method. */
  constructor(request: SimulatorRequest) {
    const isForm = request.method === 'POST';
    const text = isForm ? request.body : request.query;
    this.#pairs = text === '' ? [] : text.split('&').map((pair) => decodePair(pair, isForm));
  }

  /** Names and values for the request's record: undecoded where invalid; the last value of a repeated name. */
  get all(): Record<string, string> {
    return Object.fromEntries(this.#pairs.map(({ name, value }) => [name, value]));
  }

  /**
   * The parameters by name.
   *
   * @param known The names that this call has.
   * @param secrets Secrets that no error description may show when they are sent as the name of a parameter.
   * @throws Refusal for a pair that cannot be decoded, an unknown name or a repeated name.
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

/** A `+` is a space in a form body. In a query it stays a `+`: phones have received it so from the real gateway. */
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

/** A name for an error description; its position when the name may be a secret. */
export function nameForDisplay(name: string, index: number, secrets: readonly string[]): string {
  const isSecret = secrets.some((secret) => secret.includes(name) || name.includes(secret));
  return /^[a-z][\w.-]{0,39}$/i.test(name) && !isSecret ? name : `parameter ${index + 1}`;
}
