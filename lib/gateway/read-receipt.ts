import type { ReceiptRow, SendReceipt } from '../dto/send-receipt.js';
import type { Call } from './call.js';
import { FieldReader } from './field-reader.js';

/** The most recipients of a request. Redacting a reason takes time. */
const MOST_REASONS = 500;
const REASONS = ['message', 'description', 'errorDesc', 'statusDesc'];

/** Reads the answer to a send. A counter that the gateway did not send is undefined. */
export function readReceipt(answer: Record<string, unknown>, skipped: number, call: Call): SendReceipt {
  const fields = new FieldReader(answer);
  return {
    jobId: fields.text('jobId'),
    total: fields.number('total'),
    accepted: fields.number('accepted'),
    rejected: fields.number('rejected'),
    duplicates: fields.number('duplicates'),
    cost: fields.number('cost'),
    acceptedMsgs: readReceiptRows(fields.first('acceptedMsgs')),
    rejectedMsgs: readReceiptRows(fields.first('rejectedMsgs'), call),
    skipped,
    raw: answer,
  };
}

function readReceiptRows(rows: unknown, call?: Call): ReceiptRow[] {
  if (!Array.isArray(rows)) return [];
  return rows.map((raw: unknown, index) => {
    const fields = new FieldReader(raw);
    const reason = index < MOST_REASONS ? call?.redact(fields.text(...REASONS)) : undefined;
    return { msgId: fields.text('msgId', 'messageId', 'id'), dest: fields.text('dest', 'to', 'number'), reason, raw };
  });
}
