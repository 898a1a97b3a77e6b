import { inspect } from 'node:util';
import { forcingCharacters, type ForcingCharacter } from './forcing-characters.js';
import type { TextDescription } from './describe-text.js';

/** Makes no object of its own: a class that extends it adds its private fields to the object that is given. */
class Given {
  constructor(object: object) {
    return object;
  }
}

/** The text whose forcing characters are still to be listed, hidden from code that prints or compares a description. */
class Unlisted extends Given {
  #body: string;
  #from: number;
  #forcing: ForcingCharacter[] | undefined;

  constructor(description: object, body: string, from: number) {
    super(description);
    this.#body = body;
    this.#from = from;
  }

  static list(description: Unlisted): ForcingCharacter[] {
    return (description.#forcing ??= forcingCharacters(description.#body, description.#from));
  }

  static replace(description: Unlisted, forcing: ForcingCharacter[]): void {
    description.#forcing = forcing;
  }
}

/** One for all descriptions: an object whose accessors are its own functions takes three times as long to make. */
const FORCING: PropertyDescriptor & ThisType<Unlisted> = {
  get() {
    return Unlisted.list(this);
  },
  set(forcing: ForcingCharacter[]) {
    Unlisted.replace(this, forcing);
  },
  enumerable: true,
  configurable: true,
};

/** Node prints `[Getter/Setter]` for an accessor. */
const PRINTED: PropertyDescriptor & ThisType<TextDescription> = {
  value() {
    return { ...this };
  },
  configurable: true,
  writable: true,
};

/**
 * A description whose `forcing` is listed when it is first read: most callers want the number of parts only. Code that
 * reads, compares, copies, prints or serialises it sees a plain object with that list.
 */
export function listedLater(
  description: Omit<TextDescription, 'forcing'>,
  body: string,
  from: number,
): TextDescription {
  new Unlisted(description, body, from);
  Object.defineProperty(description, 'forcing', FORCING);
  Object.defineProperty(description, inspect.custom, PRINTED);
  return description as TextDescription;
}
