import { describe, expect, it } from '@jest/globals';
import { adviseMessage, type AdvisableMessage, type AdviceOptions } from 'nestjs-oursms';

const codes = (message: AdvisableMessage, options?: AdviceOptions): string[] =>
  adviseMessage(message, options).map(({ code }) => code);

describe('advice on the sender', () => {
  it.each([
    ['MyBrand', []],
    ['ElevenChars', []],
    ['TwelveCharsX', ['senderTooLong']],
    ['Ten{chars}', ['senderTooLong']],
    ['966501234567', []],
    ['+966501234567', []],
    ['123456789012345', []],
    ['1234567890123456', ['senderTooLong']],
    ['متجري', ['senderNotGsm']],
    ['Shop’s', ['senderNotGsm']],
    ['متجر الإلكترونيات', ['senderTooLong', 'senderNotGsm']],
    ['', []],
    [undefined, []],
  ])('for %j is %j', (src, expected) => {
    expect(codes({ src, body: 'hello' })).toEqual(expected);
  });

  it.each([
    ['Shop', 'promotional', ['promotionalWithoutAd']],
    ['Shop-AD', 'promotional', []],
    ['Shop-AD', 'transactional', ['transactionalWithAd']],
    ['Shop', 'transactional', []],
    ['Shop-AD', undefined, []],
    ['Shop-ADS', 'promotional', ['promotionalWithoutAd']],
    ['LongShop-AD', 'promotional', []],
    ['LongShops-AD', 'promotional', ['senderTooLong']],
    ['700123', 'promotional', []],
  ] as const)('for %s with the class %s is %j', (src, msgClass, expected) => {
    expect(codes({ src, body: 'hello', msgClass })).toEqual(expected);
  });
});

describe('advice on links', () => {
  it.each([
    'https://bit.ly/3xYz',
    'see bit.ly/abc.',
    'see (HTTP://WWW.TinyURL.com/x)',
    'عرض:bit.ly/abc،اليوم',
    'https://t.co:443/x?y',
    'cutt.ly',
    'go to "rb.gy/a", now',
  ])('finds a shortened link in %j', (body) => {
    expect(codes({ body })).toEqual(['shortenedUrl']);
  });

  it.each([
    'https://example.sa/offers',
    'www.example.sa',
    'example.com',
    'Visit Example.COM, today',
    'تابع طلبك على example.sa/o/1',
    'https://متجر.السعودية',
    'shop.example.museum/sale',
    'myapp://open/1',
    'not-bit.ly/abc',
    'bit.ly.example.com',
    '@example.com #123456\nand more',
    'see @example.com #123456',
    '@example.com 123456',
    'www.example.com\n@example.com #123456',
  ])('finds a link in %j', (body) => {
    expect(codes({ body })).toEqual(['url']);
  });

  it('distinguishes shortened and full links in one text', () => {
    expect(codes({ body: 'https://bit.ly/1 or https://example.sa' })).toEqual(['shortenedUrl', 'url']);
  });

  it.each([
    'Paid.Thanks for coming',
    'at 10.30 or 11.15, 3.5 km',
    'mail me@example.com',
    'hello\n\n@example.com #123456',
    'hello\r\n@shop.example.sa:8443 #12ab56 @pay.example.sa\n',
    '@example.com #123456',
    'e.g. this etc.',
    'and/or either/or',
    'v1.2.3',
    'مرحبا.شكرا',
    'a :// b',
    '...',
    '',
  ])('finds no link in %j', (body) => {
    expect(codes({ body })).toEqual([]);
  });

  it('checks a long text quickly', () => {
    const bodies = [
      'a.'.repeat(50_000),
      'a-'.repeat(50_000),
      'http://'.repeat(15_000),
      '1.1/'.repeat(25_000),
      `a${'!'.repeat(100_000)}a`,
    ];
    const start = performance.now();
    for (const body of bodies) adviseMessage({ body: `${body} code 1234` });
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('advice on one-time codes', () => {
  it.each([
    'Your code is 4321',
    '123456 is your verification code. Do not share it with anyone.',
    'OTP: 1234',
    'Your one-time password (OTP) is 12345678, valid for 5 minutes',
    "Please don't share this code: 1234",
    'رمز التحقق هو 4321',
    'رَمْزُ التَّحَقُّق: ٤٣٢١',
    'كود التفعيل الخاص بك ۱۲۳۴۵۶',
    'رمزك 1234 لا تشاركه مع أحد، صالح لمدة 5 دقائق',
    'Thank you for your order. Your code is 1234',
    'We received your request, your code is 1234',
    'Dear Sara, thanks for your patience! your code is 1234',
    'THANK YOU FOR WAITING. YOUR CODE IS 1234',
    'Your code is 1234. Ignore this message if you did not ask for it.',
    'شكرا لثقتك بنا، رمزك 1234',
  ])('asks for the purpose of the code in %j', (body) => {
    expect(codes({ body })).toEqual(['otpWithoutPurpose']);
  });

  it.each([
    'Your MyBrand login code is 4321',
    '4321 is your code to pay 20 SAR at Shop',
    'Welcome to MyBrand! Your code is 4321',
    'MyBrand\nYour code is 4321',
    'متجري، رمزك 4321',
    'Someone wants to log in. Your code is 4321',
    'To open the door, your code is 4321',
    'شكرا لتسوقك من متجري. رمزك 4321',
    'لإتمام تسجيل الدخول، رمزك 4321',
    'رمز الدخول إلى متجري: 4321',
    'رمز التحقق لتحويل مبلغ هو ٤٣٢١',
    'Your order 4321 is ready',
    'Use code SAVE10 today',
    'Your code is 123',
    'Your code is 123456789',
    'رمز التحقق',
    'طلبك رقم 4321 جاهز',
  ])('asks nothing about %j', (body) => {
    expect(codes({ body })).toEqual([]);
  });
});

describe('advice on quiet hours', () => {
  const quietHours = { from: '21:00', to: '09:00' };
  const night = new Date('2025-03-14T22:00:00+03:00');
  const offer = { src: 'Shop-AD', body: 'a private offer', msgClass: 'promotional' } as const;

  it('says which delay keeps a promotional message out of quiet hours', () => {
    const [advice] = adviseMessage(offer, { quietHours, now: night });
    expect(advice?.code).toBe('quietHours');
    expect(advice?.message).toContain('until 09:00 in Riyadh: a delay of 660 minutes');
    expect(codes({ ...offer, delay: 660 }, { quietHours, now: night })).toEqual([]);
    expect(codes({ ...offer, delay: 659 }, { quietHours, now: night })).toEqual(['quietHours']);
  });

  it('is empty by day, without quiet hours, and for other messages', () => {
    expect(codes(offer, { quietHours, now: new Date('2025-03-14T12:00:00+03:00') })).toEqual([]);
    expect(codes(offer, { now: night })).toEqual([]);
    expect(codes({ ...offer, src: 'Shop', msgClass: 'transactional' }, { quietHours, now: night })).toEqual([]);
  });

  it('rejects invalid quiet hours', () => {
    expect(() => adviseMessage(offer, { quietHours: { from: '9', to: '21' } })).toThrow(RangeError);
  });
});

describe('each piece of advice', () => {
  it('is a sentence with its source, and quotes nothing from the message', () => {
    const message = { src: 'متجر-سرّي-AD', msgClass: 'transactional', body: 'code 4321 https://bit.ly/x www.secret.sa' };
    const advice = adviseMessage(message as AdvisableMessage);
    expect(advice.map(({ code }) => code)).toEqual([
      ...['senderTooLong', 'senderNotGsm', 'transactionalWithAd', 'shortenedUrl', 'url'],
    ]);
    for (const { message: sentence, source } of advice) {
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(source).toMatch(/3GPP|CST|E\.164/);
      expect(sentence).not.toMatch(/4321|bit\.ly|secret|متجر/);
    }
  });
});
