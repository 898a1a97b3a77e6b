/** Characters that would break a line of a log, or reverse its order. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/** A caller's name or text, safe for one line of a log or an error: control characters become escapes such as `\u000a`. */
export const oneLine = (name: string): string =>
  name.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
