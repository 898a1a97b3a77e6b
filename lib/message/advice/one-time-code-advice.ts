import { SAUDI_RULES, type AdvisableMessage, type Advice } from './advice.js';

/** Four to eight digits by themselves, in ASCII, Arabic-Indic or Persian. */
const CODE = /(?<![\d٠-٩۰-۹])[\d٠-٩۰-۹]{4,8}(?![\d٠-٩۰-۹])/;

/** Words that make a number a one-time code, without marks and with hamza, ta marbuta and alef maksura levelled. */
const CODE_WORDS = new Set([
  ...['code', 'codes', 'otp', 'pin', 'passcode', 'verification', 'verify', 'confirmation', 'activation'],
  ...['رمز', 'الرمز', 'رمزك', 'كود', 'الكود', 'كودك', 'تحقق', 'التحقق', 'للتحقق', 'تحققك'],
  ...['تاكيد', 'التاكيد', 'للتاكيد', 'تفعيل', 'التفعيل', 'للتفعيل'],
]);

/** Words that stand in any such text and say nothing of what the code is for. */
const FILLERS = new Set([
  ...['the', 'an', 'is', 'are', 'be', 'was', 'will', 'it', 'its', 'this', 'that', 'your', 'you', 'yours', 'my', 'our'],
  ...['use', 'enter', 'type', 'please', 'here', 'below', 'following', 'new', 'sms', 'number', 'password', 'secret'],
  ...['do', 'don', 'dont', 'not', 'never', 'no', 'share', 'tell', 'give', 'with', 'anyone', 'anybody', 'one', 'else'],
  ...['to', 'for', 'of', 'in', 'on', 'and', 'or', 'any', 'as', 'by', 'from', 'at', 'if', 'only', 'once', 'time'],
  ...['valid', 'expires', 'expire', 'within', 'after', 'until', 'next', 'minute', 'minutes', 'min', 'mins', 'second'],
  ...['seconds', 'hi', 'hello', 'dear', 'customer', 'user', 'client', 'welcome', 'keep', 'safe', 'private', 'secure'],
  ...['هو', 'هي', 'هذا', 'هذه', 'الخاص', 'الخاصه', 'بك', 'لك', 'الي', 'من', 'في', 'مع', 'عن', 'او', 'و', 'ان', 'علي'],
  ...['لا', 'تشارك', 'تشاركه', 'تشاركها', 'تعطه', 'تعطيه', 'احد', 'لاحد', 'اي', 'شخص', 'اخر', 'الاخرين', 'احدا'],
  ...['الرجاء', 'يرجي', 'نرجو', 'فضلك', 'استخدم', 'استخدام', 'ادخل', 'ادخال', 'عدم', 'مشاركه', 'مشاركته'],
  ...['صالح', 'صالحه', 'لمده', 'خلال', 'دقيقه', 'دقائق', 'ثانيه', 'ثواني', 'مره', 'واحده', 'لمره', 'السري', 'سري'],
  ...['عزيزي', 'عزيزتي', 'العميل', 'مرحبا', 'اهلا', 'السلام', 'عليكم', 'التالي', 'الجديد', 'رقم', 'كلمه', 'المرور'],
]);

/**
 * Says of a text that brings a one-time code whether it names what the code is for.
 *
 * The rule of thumb: such a text has a number of four to eight digits and a word for a code. When every other word is a
 * courtesy (“your”, “is”, “do not share”, “valid for 5 minutes”), it names neither a brand nor a purpose.
 */
export function adviseOnOneTimeCode({ body = '' }: AdvisableMessage): Advice[] {
  if (!CODE.test(body)) return [];
  const words = wordsOf(body);
  if (!words.some((word) => CODE_WORDS.has(word))) return [];
  if (words.some((word) => word.length > 1 && !CODE_WORDS.has(word) && !FILLERS.has(word))) return [];
  return [
    {
      code: 'otpWithoutPurpose',
      message:
        'The text brings a code and does not say what it is for: name the service and the purpose, such as a login.',
      source: `${SAUDI_RULES}. Whether the text says so is judged by its words, which can be wrong`,
    },
  ];
}

function wordsOf(text: string): string[] {
  const levelled = text
    .toLowerCase()
    .replace(/[\u064b-\u065f\u0670\u0640]/g, '')
    .replace(/[أإآٱ]/g, 'ا')
    .replace(/ى/g, 'ي')
    .replace(/ة/g, 'ه');
  return levelled.match(/[\p{L}\p{M}]+/gu) ?? [];
}
