import { randomUUID } from 'node:crypto';
import type { MessageNotice } from './message.types.js';

/** Records are kept by the hour. */
export const HOUR_MS = 3_600_000;
const TIME_DIGITS = 9;
const HOUR_DIGITS = 5;
const COUNT_DIGITS = 5;
/** Tells the ids of this process from those of others. */
const PROCESS = randomUUID().slice(-12);

/** A message as it is kept: no text, and no full number. */
export interface MessageRecord {
  /** Begins with the time when it is due: ids are in the order of time. */
  id: string;
  reference?: string;
  /** Context of the span of its send, where that is traced. */
  traceparent?: string;
  /** When it was about to leave: milliseconds since 1970. */
  at: number;
  /** The process that sent it, which alone knows whether it is still in flight. */
  by: string;
  src: string;
  /** Whether reports were asked for. */
  dlr: boolean;
  /** Parts that its text takes. */
  parts: number;
  /** Keyed hashes of the recipients. */
  hashes: string[];
  /** The recipients, masked, in the same order. */
  dests: string[];
  /** How its send ended, once it has. */
  outcome?: 'sent' | 'notSent' | 'unknown';
  jobId?: string;
  /** The gateway's ids of the messages, in the order of the recipients; null where one is not known. */
  msgIds?: (string | null)[];
  /** Recipients that the gateway rejected. */
  rejected?: number[];
  /** Of one that was forgotten: traces of its recipients, in their order, which hundreds of numbers share. */
  traces?: string[];
}

let made = 0;

/** A new id for a message that is due at a time: milliseconds since 1970. */
export function newRecordId(dueAt: number): string {
  made = (made + 1) % 36 ** COUNT_DIGITS;
  return inBase36(dueAt, TIME_DIGITS) + PROCESS + inBase36(made, COUNT_DIGITS);
}

const inBase36 = (number: number, digits: number): string => Math.floor(number).toString(36).padStart(digits, '0');

/** When the message of an id was due: milliseconds since 1970. */
export const dueAtOf = (id: string): number => parseInt(id.slice(0, TIME_DIGITS), 36);

/** The hour of an id, in the order of time. */
export const hourOf = (id: string): string => hourAt(dueAtOf(id));

/** The hour of a time. */
export const hourAt = (ms: number): string => inBase36(ms / HOUR_MS, HOUR_DIGITS);

/** Characters of a trace: 18 bits, so that hundreds of mobiles share one. */
const TRACE_LENGTH = 3;

/** What is left of the hash of a number that is forgotten: too little to tell the number, even with the key. */
export const traceOf = (numberHash: string): string => numberHash.slice(0, TRACE_LENGTH);

/** What is kept of a message that is forgotten: no reference, no recipient, and no hash of one. */
export function stripped(record: MessageRecord): MessageRecord {
  return { ...record, reference: undefined, dests: [], hashes: [], traces: record.hashes.map(traceOf) };
}

/** Whether a message was forgotten. */
export const isStripped = ({ traces }: MessageRecord): boolean => traces !== undefined;

/** What is found by the gateway's id of a message: all that its reports need, so that its record need not be read for them. */
export interface IdentifiedMessage {
  id: string;
  index: number;
  /** Unset for one that was forgotten. */
  hash?: string;
  at: number;
  reference?: string;
  traceparent?: string;
}

/** A message that the gateway has given an id, as text. */
export function identifiedText({ id, at, reference, traceparent, hashes }: MessageRecord, index: number): string {
  const identified: IdentifiedMessage = { id, index, hash: hashes[index], at, reference, traceparent };
  return JSON.stringify(identified);
}

/** A record as text. */
export const recordText = (record: MessageRecord): string => JSON.stringify(record);

/** The record in a text. */
export const readRecord = (text: string): MessageRecord => JSON.parse(text) as MessageRecord;

/** The message to one recipient of a record, for an event. */
export function noticeOf({ reference, dests, at }: MessageRecord, index: number): MessageNotice {
  return { reference, dest: dests[index] ?? '', sentAt: new Date(at).toISOString() };
}
