/** Text that needs no encoding. This check takes a fraction of the time of encoding a list of 500 recipients. */
const PLAIN = /^[\w,.-]*$/;

/**
 * Encodes parameters as a query string or an `x-www-form-urlencoded` body. A space becomes `%20` in both: in a GET of the API
 * a `+` reaches phones as a plus sign. Commas are not encoded: the document shows the list of recipients with plain commas.
 */
export function encodeForm(parameters: Iterable<readonly [name: string, value: string]>): string {
  let form = '';
  for (const [name, value] of parameters) {
    const encoded = PLAIN.test(value) ? value : encodeURIComponent(value).replaceAll('%2C', ',');
    form += `${form === '' ? '' : '&'}${encodeURIComponent(name)}=${encoded}`;
  }
  return form;
}
