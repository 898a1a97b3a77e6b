/** Text that is written as it is: looking at it takes a fraction of the time that encoding a list of 500 recipients does. */
const PLAIN = /^[\w,.-]*$/;

/**
 * Writes parameters as a query string or an `x-www-form-urlencoded` body. A space is `%20` in both: on the GET form of the
 * API a `+` reaches phones as a plus sign. Commas stay as they are, as the document writes the list of recipients.
 */
export function encodeForm(parameters: Iterable<readonly [name: string, value: string]>): string {
  let form = '';
  for (const [name, value] of parameters) {
    const encoded = PLAIN.test(value) ? value : encodeURIComponent(value).replaceAll('%2C', ',');
    form += `${form === '' ? '' : '&'}${encodeURIComponent(name)}=${encoded}`;
  }
  return form;
}
