import { inspect } from 'node:util';
import { forcingCharacters, type ForcingCharacter } from './forcing-characters.js';

/** Creates no object: a subclass adds its private fields to the given object. */
class ExistingObject {
  constructor(object: object) {
    return object;
  }
}

/** Keeps the text of a description in private fields: code that prints or compares the description does not see them. */
class LazyForcing extends ExistingObject {
  #body: string;
  #from: number;
  #forcing: ForcingCharacter[] | undefined;

  constructor(description: object, body: string, from: number) {
    super(description);
    this.#body = body;
    this.#from = from;
  }

  static read(description: LazyForcing): ForcingCharacter[] {
    return (description.#forcing ??= forcingCharacters(description.#body, description.#from));
  }

  static replace(description: LazyForcing, forcing: ForcingCharacter[]): void {
    description.#forcing = forcing;
  }
}

/** All descriptions share these accessors: with accessors of its own, each takes three times as long to create. */
const FORCING: PropertyDescriptor & ThisType<LazyForcing> = {
  get() {
    return LazyForcing.read(this);
  },
  set(forcing: ForcingCharacter[]) {
    LazyForcing.replace(this, forcing);
  },
  enumerable: true,
  configurable: true,
};

/** Without it, Node prints `[Getter/Setter]` in place of the list. */
const PRINTED: PropertyDescriptor & ThisType<object> = {
  value() {
    return { ...this };
  },
  configurable: true,
  writable: true,
};

/**
 * Adds `forcing` to a description. The list is built when it is first read: most callers read the number of parts only. Code
 * that reads, compares, copies, prints or serialises the description sees a plain object with this list.
 *
 * @param from Index of the first character of `body` outside GSM-7.
 */
export function withLazyForcing<Description extends object>(
  description: Description,
  body: string,
  from: number,
): Description & { forcing: ForcingCharacter[] } {
  new LazyForcing(description, body, from);
  Object.defineProperty(description, 'forcing', FORCING);
  Object.defineProperty(description, inspect.custom, PRINTED);
  return description as Description & { forcing: ForcingCharacter[] };
}
