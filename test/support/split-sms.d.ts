/** split-sms comes without types. */
declare module 'split-sms' {
  interface SplitSms {
    split(message: string): {
      characterSet: 'GSM' | 'Unicode';
      parts: { content: string; length: number; bytes: number }[];
      bytes: number;
      length: number;
      remainingInPart: number;
    };
  }
  const splitSms: SplitSms;
  export = splitSms;
}
