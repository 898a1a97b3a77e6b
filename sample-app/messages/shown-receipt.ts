import type { ReceiptRow, SendReceipt } from 'nestjs-oursms';

type ShownRow = Omit<ReceiptRow, 'raw'>;

/** A receipt as everyone may see it: the raw answer of a gateway may repeat the request, with its password and its text. */
export type ShownReceipt = Omit<SendReceipt, 'raw' | 'acceptedMsgs' | 'rejectedMsgs'> & {
  acceptedMsgs: ShownRow[];
  rejectedMsgs: ShownRow[];
};

/** Leaves out what came raw. */
export function shownReceipt({ acceptedMsgs, rejectedMsgs, ...receipt }: SendReceipt): ShownReceipt {
  const shown: ShownReceipt & { raw?: unknown } = {
    ...receipt,
    acceptedMsgs: acceptedMsgs.map(shownRow),
    rejectedMsgs: rejectedMsgs.map(shownRow),
  };
  delete shown.raw;
  return shown;
}

const shownRow = ({ msgId, dest, reason }: ReceiptRow): ShownRow => ({ msgId, dest, reason });
