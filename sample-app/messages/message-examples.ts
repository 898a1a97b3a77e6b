/** Messages to try on the API page. Without them it would fill in every optional field. */
export const MESSAGE_EXAMPLES = {
  English: { value: { src: 'MyBrand', dests: ['0501234567'], body: 'Your code is 4321', dlr: true } },
  Arabic: { value: { src: 'MyBrand', dests: ['٠٥٠١٢٣٤٥٦٧'], body: 'رمز التحقق هو 4321', dlr: true } },
};
