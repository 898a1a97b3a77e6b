/** What is sent through such a gateway, each kind one seventh of the texts. */
const KINDS = {
  'English code': (i) => `Your verification code is ${100000 + i}. It is valid for 5 minutes. Do not share it.`,
  'English, 2 parts': (i) =>
    `Dear customer, your order [${i}] has left our warehouse and will be delivered between 4 and 9 pm tomorrow. ` +
    `Please keep the amount of 120.50 € ready and answer 1 to confirm, 2 to choose another day.`,
  'typographic quotes': (i) => `Don’t miss it – order ${i} is “free of charge” until Thursday… it’s your last chance.`,
  'English, emoji': (i) => `Order ${i} is on its way, thank you for shopping with us 🎉 👨‍👩‍👧`,
  'Arabic code': (i) => `رمز الدخول إلى حسابك هو ${100000 + i} وهو صالح لمدة خمس دقائق، لا تشاركه مع أحد`,
  'Arabic, 3 parts': (i) =>
    `عميلنا العزيز، تم شحن طلبك رقم ${i} وسيصلك غدا بين الساعة الرابعة والتاسعة مساء. نرجو تجهيز مبلغ ١٢٠ ريالا، ` +
    `والرد بالرقم 1 للتأكيد أو 2 لاختيار يوم آخر. شكرا لثقتكم بنا 😀`,
  'Arabic and English': (i) => `عزيزي العميل، order #${i} جاهز للاستلام من فرع الرياض. Thank you!`,
};

/** Texts by kind, all different: two calls never see the same string. */
export function mixedTexts(count) {
  const kinds = Object.entries(KINDS);
  return Object.fromEntries(
    kinds.map(([name, write], k) => [
      name,
      Array.from({ length: Math.ceil((count - k) / kinds.length) }, (_, i) => write(i)),
    ]),
  );
}
