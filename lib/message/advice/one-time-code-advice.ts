import { SAUDI_RULES, type AdvisableMessage, type Advice } from './advice.js';

/** Four to eight digits by themselves, in ASCII, Arabic-Indic or Persian. */
const CODE = /(?<![\d٠-٩۰-۹])[\d٠-٩۰-۹]{4,8}(?![\d٠-٩۰-۹])/;

/** Words that make a number a one-time code, normalised like {@link Word.normalised}. */
const CODE_WORDS = new Set([
  ...['code', 'codes', 'otp', 'pin', 'passcode', 'verification', 'verify', 'confirmation', 'activation'],
  ...['رمز', 'الرمز', 'رمزك', 'كود', 'الكود', 'كودك', 'تحقق', 'التحقق', 'للتحقق', 'تحققك'],
  ...['تاكيد', 'التاكيد', 'للتاكيد', 'تفعيل', 'التفعيل', 'للتفعيل'],
]);

/** Words that are common in such texts and do not name the purpose of the code. */
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

/** Words that name the purpose of a code in any sentence. */
const PURPOSES = new Set([
  ...['login', 'logon', 'log', 'signin', 'sign', 'signup', 'register', 'registration', 'account', 'reset', 'device'],
  ...['pay', 'payment', 'purchase', 'transfer', 'withdraw', 'withdrawal', 'card', 'wallet', 'booking', 'appointment'],
  ...['دخول', 'الدخول', 'للدخول', 'لدخول', 'تسجيل', 'التسجيل', 'للتسجيل', 'حساب', 'حسابك', 'لحسابك', 'الحساب'],
  ...['دفع', 'الدفع', 'للدفع', 'شراء', 'الشراء', 'للشراء', 'تحويل', 'التحويل', 'للتحويل', 'حواله', 'بطاقه', 'بطاقتك'],
  ...['محفظه', 'محفظتك', 'حجز', 'حجزك', 'موعد', 'موعدك', 'استعاده', 'لاستعاده', 'اعاده', 'لاعاده', 'جهاز', 'جهازك'],
]);

/** Words that start a clause of purpose. */
const PURPOSE_STARTS = new Set(['to', 'for', 'لاجل', 'لكي', 'كي']);

/** Words before the name of the sender or of a place. */
const BEFORE_NAMES = new Set(['from', 'at', 'with', 'by', 'من', 'في', 'مع', 'لدي', 'الي']);

/** Words before the name of the recipient. */
const GREETINGS = new Set(['dear', 'hi', 'hello', 'hey', 'mr', 'mrs', 'ms', 'عزيزي', 'عزيزتي', 'مرحبا', 'اهلا']);

/** A clause of at most this many words is a name when all of them are meaningful. */
const MOST_NAME_WORDS = 3;

/** End of a clause. A full stop inside an address or a number is not one. */
const CLAUSE_END = /[.!](?=\s|$)|[?؟,،;؛\n\r]/;

/**
 * Advice on a text with a one-time code that does not name the purpose of the code.
 *
 * Rule of thumb: such a text has a number of four to eight digits and a word for a code. A clause with one of them names a brand
 * or a purpose when it has a word that is not a filler (“your”, “is”, “do not share”, “valid for 5 minutes”). Any other clause
 * must have a word for a purpose (“login”) or a name, or start with “to” or “for”: thanks are not enough.
 */
export function adviseOnOneTimeCode({ body = '' }: AdvisableMessage): Advice[] {
  if (!CODE.test(body)) return [];
  const parts = body.split(CLAUSE_END).map((text) => ({ words: wordsOf(text), hasCode: CODE.test(text) }));
  if (!parts.some(({ words }) => words.some(isCodeWord))) return [];
  const namesPurpose = parts.some(({ words, hasCode }) =>
    hasCode || words.some(isCodeWord) ? words.some(isMeaningful) : namesBrandOrPurpose(words),
  );
  if (namesPurpose) return [];
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
  /** In lower case, without marks, with one form for the variants of hamza, ta marbuta and alef maksura. */
  normalised: string;
  /** Whether it starts with a capital letter. */
  isCapital: boolean;
}

const isCodeWord = ({ normalised }: Word): boolean => CODE_WORDS.has(normalised);

const isMeaningful = ({ normalised }: Word): boolean =>
  normalised.length > 1 && !CODE_WORDS.has(normalised) && !FILLERS.has(normalised);

/** Whether a clause without the code and without a word for it names the sender or the purpose. */
function namesBrandOrPurpose(words: Word[]): boolean {
  const [first] = words;
  if (first === undefined) return false;
  if (words.some(({ normalised }) => PURPOSES.has(normalised))) return true;
  if (PURPOSE_STARTS.has(first.normalised) && words.some(isMeaningful)) return true;
  if (words.length <= MOST_NAME_WORDS && words.every(isMeaningful)) return true;
  // When all words have a capital letter, capitals do not mark a name.
  const areCapitalsDistinctive = words.some(({ isCapital }) => !isCapital);
  return words.some((word, i) => {
    const before = words[i - 1]?.normalised;
    if (before === undefined || GREETINGS.has(before) || !isMeaningful(word)) return false;
    return (word.isCapital && areCapitalsDistinctive) || BEFORE_NAMES.has(before);
  });
}

function wordsOf(text: string): Word[] {
  const words = text.match(/[\p{L}\p{M}]+/gu) ?? [];
  return words.map((word) => ({ normalised: normalise(word), isCapital: /^\p{Lu}/u.test(word) }));
}

const normalise = (word: string): string =>
  word
    .toLowerCase()
    .replace(/[\u064b-\u065f\u0670\u0640]/g, '')
    .replace(/[أإآٱ]/g, 'ا')
    .replace(/ى/g, 'ي')
    .replace(/ة/g, 'ه');
