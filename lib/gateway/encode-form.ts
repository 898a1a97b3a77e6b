/**
 * Writes parameters as a query string or an `x-www-form-urlencoded` body. A space is `%20` in both: on the GET form of the
 * API a `+` reaches phones as a plus sign. Commas stay as they are, as the document writes the list of recipients.
 */
export function encodeForm(parameters: Iterable<readonly [name: string, value: string]>): string {
  let form = '';
  for (const [name, value] of parameters) {
    form += `${form === '' ? '' : '&'}${encodeURIComponent(name)}=${encodeURIComponent(value).replaceAll('%2C', ',')}`;
  }
  return form;
}
