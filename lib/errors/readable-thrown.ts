/** Fields that are read of a thrown value. */
const FIELDS = ['name', 'message', 'stack', 'code', 'cause', 'syscall', 'isAxiosError', '__CANCEL__'];

/** The value that foreign code threw; undefined when it cannot be read: a getter of it throws, or it is such a Proxy. */
export function readableThrown(thrown: unknown): unknown {
  if ((typeof thrown !== 'object' && typeof thrown !== 'function') || thrown === null) return thrown;
  try {
    // What `instanceof` looks at.
    Object.getPrototypeOf(thrown);
    for (const field of FIELDS) Reflect.get(thrown, field);
    return thrown;
  } catch {
    return undefined;
  }
}
