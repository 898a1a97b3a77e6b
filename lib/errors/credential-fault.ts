/**
 * The fault of a user name, password, token or API key that cannot be right; undefined when there is none. Secrets from files often
 * end in a line break, and a server refuses them without naming the cause. The fault never shows the value.
 */
export function credentialFault(value: string): string | undefined {
  if (/[\n\r\u0085\u2028\u2029]$/.test(value)) return 'ends in a line break, as a file does: remove it';
  if (/^[\n\r\u0085\u2028\u2029]/.test(value)) return 'starts with a line break: remove it';
  if (value.startsWith('\ufeff')) return 'starts with a byte order mark, as a file may: remove it';
  if (/\p{Cc}/u.test(value)) return 'contains a control character: remove it';
  if (/\p{Surrogate}/u.test(value)) return 'contains half of a character (a surrogate without its pair)';
  return undefined;
}
