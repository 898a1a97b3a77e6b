import { randomUUID } from 'node:crypto';
import type { MessageNotice } from './message.types.js';

/** Records are grouped by hour, so that a whole hour can be removed. */
export const HOUR_MS = 3_600_000;
const TIME_DIGITS = 9;
const HOUR_DIGITS = 5;
const COUNT_DIGITS = 5;
/** Makes the ids of this process differ from those of other processes. */
const PROCESS = randomUUID().slice(-12);

/** The stored record of one send: without the text, and without full numbers. */
export interface MessageRecord {
  /** Starts with the time when the message is due, so ids are in the order of time. */
  id: string;
  reference?: string;
  /** Trace context of its send, where that is traced. */
  traceparent?: string;
  /** When it was about to leave: milliseconds since 1970. */
  at: number;
  /** Id of the process that sends it: only that process knows whether it is still in flight. */
  by: string;
  src: string;
  /** Whether reports were asked for. */
  dlr: boolean;
  /** Number of parts of the text. */
  parts: number;
  /** Keyed hashes of the recipients. */
  hashes: string[];
  /** The recipients, masked, in the same order. */
  dests: string[];
  /** Outcome of the send; unset until the send has ended. */
  outcome?: 'sent' | 'notSent' | 'unknown';
  jobId?: string;
  /** The gateway's ids of the messages, in the order of the recipients; null for an unknown id. */
  msgIds?: (string | null)[];
  /** Indexes of the recipients that the gateway rejected. */
  rejected?: number[];
  /** Traces of the recipients of a forgotten message, in their order. Hundreds of numbers share a trace. */
  traces?: string[];
}

let made = 0;

/** Makes the id of a record. @param dueAt When its message is due: milliseconds since 1970. */
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

/** Shortens the hash of a forgotten number: a trace does not identify the number, even with the key. */
export const traceOf = (numberHash: string): string => numberHash.slice(0, TRACE_LENGTH);

/** Removes from the record of a forgotten message its reference, its recipients and their hashes. */
export function stripped(record: MessageRecord): MessageRecord {
  return { ...record, reference: undefined, dests: [], hashes: [], traces: record.hashes.map(traceOf) };
}

/** Whether a message was forgotten. */
export const isStripped = ({ traces }: MessageRecord): boolean => traces !== undefined;

/** The note under the gateway's id of a message. It has all that a report needs, so the record is not read. */
export interface IdentifiedMessage {
  id: string;
  index: number;
  /** Unset for a forgotten message. */
  hash?: string;
  at: number;
  reference?: string;
  traceparent?: string;
}

/** Text of the note under the gateway's id of a message. */
export function identifiedText({ id, at, reference, traceparent, hashes }: MessageRecord, index: number): string {
  const identified: IdentifiedMessage = { id, index, hash: hashes[index], at, reference, traceparent };
  return JSON.stringify(identified);
}

export const recordText = (record: MessageRecord): string => JSON.stringify(record);

export const readRecord = (text: string): MessageRecord => JSON.parse(text) as MessageRecord;

/** The message to one recipient of a record, for an event. */
export function noticeOf({ reference, dests, at }: MessageRecord, index: number): MessageNotice {
  return { reference, dest: dests[index] ?? '', sentAt: new Date(at).toISOString() };
}
