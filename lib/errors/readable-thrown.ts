/** Fields of a thrown value that this module or a logger reads. */
const FIELDS = ['name', 'message', 'stack', 'code', 'cause', 'syscall', 'isAxiosError', '__CANCEL__'];

/** The value that foreign code threw; undefined when a getter or Proxy of it throws. */
export function readableThrown(thrown: unknown): unknown {
  if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) return thrown;
  try {
    // `instanceof` reads the prototype.
    Object.getPrototypeOf(thrown);
    for (const field of FIELDS) Reflect.get(thrown, field);
    return thrown;
  } catch {
    return undefined;
  }
}
