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
  ...['thank', 'thanks', 'we', 'us', 'patience', 'waiting', 'شكرا', 'نشكرك', 'لانتظارك'],
  ...['seconds', 'hi', 'hello', 'dear', 'customer', 'user', 'client', 'welcome', 'keep', 'safe', 'private', 'secure'],
  ...['هو', 'هي', 'هذا', 'هذه', 'الخاص', 'الخاصه', 'بك', 'لك', 'الي', 'من', 'في', 'مع', 'عن', 'او', 'و', 'ان', 'علي'],
  ...['لا', 'تشارك', 'تشاركه', 'تشاركها', 'تعطه', 'تعطيه', 'احد', 'لاحد', 'اي', 'شخص', 'اخر', 'الاخرين', 'احدا'],
  ...['الرجاء', 'يرجي', 'نرجو', 'فضلك', 'استخدم', 'استخدام', 'ادخل', 'ادخال', 'عدم', 'مشاركه', 'مشاركته'],
  ...['صالح', 'صالحه', 'لمده', 'خلال', 'دقيقه', 'دقائق', 'ثانيه', 'ثواني', 'مره', 'واحده', 'لمره', 'السري', 'سري'],
  ...['عزيزي', 'عزيزتي', 'العميل', 'مرحبا', 'اهلا', 'السلام', 'عليكم', 'التالي', 'الجديد', 'رقم', 'كلمه', 'المرور'],
]);

/** Words that name what a code is for, in whatever sentence they stand. */
const PURPOSES = new Set([
  ...['login', 'logon', 'log', 'signin', 'sign', 'signup', 'register', 'registration', 'account', 'reset', 'device'],
  ...['pay', 'payment', 'purchase', 'transfer', 'withdraw', 'withdrawal', 'card', 'wallet', 'booking', 'appointment'],
  ...['دخول', 'الدخول', 'للدخول', 'لدخول', 'تسجيل', 'التسجيل', 'للتسجيل', 'حساب', 'حسابك', 'لحسابك', 'الحساب'],
  ...['دفع', 'الدفع', 'للدفع', 'شراء', 'الشراء', 'للشراء', 'تحويل', 'التحويل', 'للتحويل', 'حواله', 'بطاقه', 'بطاقتك'],
  ...['محفظه', 'محفظتك', 'حجز', 'حجزك', 'موعد', 'موعدك', 'استعاده', 'لاستعاده', 'اعاده', 'لاعاده', 'جهاز', 'جهازك'],
]);

/** Words that begin a part of a sentence that says what for. */
const WHAT_FOR = new Set(['to', 'for', 'لاجل', 'لكي', 'كي']);

/** Words behind which a name stands: of who sends, or of the place. */
const BEFORE_NAMES = new Set(['from', 'at', 'with', 'by', 'من', 'في', 'مع', 'لدي', 'الي']);

/** Words behind which the name of the person stands who gets the message. */
const GREETINGS = new Set(['dear', 'hi', 'hello', 'hey', 'mr', 'mrs', 'ms', 'عزيزي', 'عزيزتي', 'مرحبا', 'اهلا']);

/** A line or a part of a sentence of no more words, all of which say something, is a name. */
const MOST_NAME_WORDS = 3;

/** Ends a part of a sentence. A full stop inside of an address or a number does not. */
const PART_END = /[.!](?=\s|$)|[?؟,،;؛\n\r]/;

/**
 * Says of a text that brings a one-time code whether it names what the code is for.
 *
 * The rule of thumb: such a text has a number of four to eight digits and a word for a code. When every other word beside
 * them is a courtesy (“your”, “is”, “do not share”, “valid for 5 minutes”), it names neither a brand nor a purpose there. The
 * rest of the text counts when it has a word for a purpose (“login”), a name, or begins with “to” or “for”: not when it
 * only says thanks.
 */
export function adviseOnOneTimeCode({ body = '' }: AdvisableMessage): Advice[] {
  if (!CODE.test(body)) return [];
  const parts = body.split(PART_END).map((text) => ({ words: wordsOf(text), bringsCode: CODE.test(text) }));
  if (!parts.some(({ words }) => words.some(isCodeWord))) return [];
  const saysWhatFor = parts.some(({ words, bringsCode }) =>
    bringsCode || words.some(isCodeWord) ? words.some(saysSomething) : namesAnything(words),
  );
  if (saysWhatFor) return [];
  return [
    {
      code: 'otpWithoutPurpose',
      message:
        'The text brings a code and does not say what it is for: name the service and the purpose, such as a login.',
      source: `${SAUDI_RULES}. Whether the text says so is judged by its words, which can be wrong`,
    },
  ];
}

interface Word {
  /** In small letters, without marks, with letters that are written in several ways levelled. */
  level: string;
  /** Whether it begins with a capital letter. */
  isCapital: boolean;
}

const isCodeWord = ({ level }: Word): boolean => CODE_WORDS.has(level);

const saysSomething = ({ level }: Word): boolean => level.length > 1 && !CODE_WORDS.has(level) && !FILLERS.has(level);

/** Whether a part of the text that has neither the code nor a word for it says who sends it or what for. */
function namesAnything(words: Word[]): boolean {
  const [first] = words;
  if (first === undefined) return false;
  if (words.some(({ level }) => PURPOSES.has(level))) return true;
  if (WHAT_FOR.has(first.level) && words.some(saysSomething)) return true;
  if (words.length <= MOST_NAME_WORDS && words.every(saysSomething)) return true;
  // Where all words have a capital letter, it tells nothing.
  const capitalsTell = words.some(({ isCapital }) => !isCapital);
  return words.some((word, i) => {
    const before = words[i - 1]?.level;
    if (before === undefined || GREETINGS.has(before) || !saysSomething(word)) return false;
    return (word.isCapital && capitalsTell) || BEFORE_NAMES.has(before);
  });
}

function wordsOf(text: string): Word[] {
  const words = text.match(/[\p{L}\p{M}]+/gu) ?? [];
  return words.map((word) => ({ level: levelled(word), isCapital: /^\p{Lu}/u.test(word) }));
}

const levelled = (word: string): string =>
  word
    .toLowerCase()
    .replace(/[\u064b-\u065f\u0670\u0640]/g, '')
    .replace(/[أإآٱ]/g, 'ا')
    .replace(/ى/g, 'ي')
    .replace(/ة/g, 'ه');
