/** Records of messages to one recipient each, and their reports. */
const src = 'MyBrand';
const destOf = (number) => `9665${String(number % 100_000_000).padStart(8, '0')}`;
const jobOf = (number) => `5f0c2b7e-6a3e-4c39-9d7c-${String(number).padStart(12, '0')}`;
const msgOf = (number) => String(20_000_000_000 + number);

/** A message, its reference, and its receipt. @param by `job`: the receipt names no messages. */
export function messageOf(number, by) {
  const dest = destOf(number);
  const message = { src, dests: [dest], body: 'Your order is on its way', dlr: true };
  const receipt = {
    jobId: jobOf(number),
    accepted: 1,
    acceptedMsgs: by === 'job' ? [] : [{ msgId: msgOf(number), dest }],
    rejectedMsgs: [],
  };
  return { message, reference: `order-${number}`, receipt };
}

/** The row of its report. @param by `msgId`: with all ids; `job`: without that of the message. */
export function reportOf(number, by) {
  const row = { jobId: jobOf(number), status: 'delivered', src, dest: destOf(number) };
  const dates = { msgDate: '2026-01-31T12:00:00', statusDate: '2026-01-31T12:00:07' };
  return by === 'msgId' ? { msgId: msgOf(number), ...row, ...dates } : { ...row, ...dates };
}
