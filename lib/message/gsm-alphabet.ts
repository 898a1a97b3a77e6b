/** The GSM 7-bit default alphabet without the escape character. @see 3GPP TS 23.038, 6.2.1 */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿' +
  'abcdefghijklmnopqrstuvwxyzäöñüà';

/** The extension table: each character is sent as two units. @see 3GPP TS 23.038, 6.2.1.1 */
const EXTENSION = '\f^{}\\[~]|€';

const COSTS = new Uint8Array('€'.charCodeAt(0) + 1);
for (const character of BASIC) COSTS[character.charCodeAt(0)] = 1;
for (const character of EXTENSION) COSTS[character.charCodeAt(0)] = 2;

/** Number of 7-bit units of a UTF-16 code unit in GSM-7: 1, 2 (extension table), or 0 when it is not in GSM-7. */
export function gsmUnits(codeUnit: number): number {
  return COSTS[codeUnit] ?? 0;
}
