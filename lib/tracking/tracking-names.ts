import { hash } from 'node:crypto';
import { accountPart } from '../queue/key-part.js';
import { hourOf } from './message-record.js';

/** Ids that stand in a name as they are: no name takes half a character, and none is very long. */
const PLAIN_ID = /^[\w.:-]{1,40}$/;

/** A short name for an id of the gateway. Ids that follow one another stay neighbours, which are read together. */
const shortened = (id: string): string => (PLAIN_ID.test(id) ? id : `${hash('sha256', id, 'base64url').slice(0, 22)}#`);

/** Names of the notes that tracking keeps of an account. */
export class TrackingNames {
  readonly #prefix: string;

  constructor(account: string) {
    this.#prefix = `${accountPart(account)}/tracking/`;
  }

  /** Key of the hashes of numbers. */
  get key(): string {
    return `${this.#prefix}key`;
  }

  /** Id of the last record that was looked at for missing reports. */
  get missingUntil(): string {
    return `${this.#prefix}missing-until`;
  }

  /** How many messages were found missing within the last hour. */
  get missingLately(): string {
    return `${this.#prefix}missing-lately`;
  }

  /** How many records were removed because there were too many. */
  get dropped(): string {
    return `${this.#prefix}dropped`;
  }

  /** Lock on the work that one instance does for all. */
  get sweep(): string {
    return `${this.#prefix}sweep`;
  }

  /** Prefix of all records, oldest first. */
  get records(): string {
    return `${this.#prefix}record/`;
  }

  /** Prefix of the records of an hour. */
  recordsOf(hour: string): string {
    return `${this.records}${hour}/`;
  }

  record(id: string): string {
    return this.recordsOf(hourOf(id)) + id;
  }

  /** Prefix of the hours that have records, oldest first; the rest of each name is an hour. */
  get hours(): string {
    return `${this.#prefix}hour/`;
  }

  /** Prefix of the records of a reference. */
  reference(reference: string): string {
    // Half a character stands in no reference: nothing is kept under the name without one.
    return `${this.#prefix}reference/${/\p{Surrogate}/u.test(reference) ? '' : encodeURIComponent(reference)}/`;
  }

  /** Prefix of the records of a recipient. */
  dest(numberHash: string): string {
    return `${this.#prefix}dest/${numberHash}/`;
  }

  /** Prefix of the records that were forgotten, of all recipients with a trace. */
  forgotten(trace: string): string {
    return `${this.#prefix}forgotten/${trace}/`;
  }

  /** Says that a record was forgotten while another process waited for the answer to its send. */
  strippedInFlight(id: string): string {
    return `${this.#prefix}stripped/${id}`;
  }

  /** The record of a request, by the gateway's id. */
  job(jobId: string): string {
    return `${this.#prefix}job/${shortened(jobId)}`;
  }

  /** The record and the recipient of a message, by the gateway's id. */
  message(msgId: string): string {
    return `${this.#prefix}message/${shortened(msgId)}`;
  }

  /** Prefix of all reports, those of the oldest records first. */
  get reports(): string {
    return `${this.#prefix}report/`;
  }

  /** Prefix of the reports of an hour's records. */
  reportsOf(hour: string): string {
    return `${this.reports}${hour}/`;
  }

  /** Prefix of the reports of a record. */
  reportsOn(id: string): string {
    return `${this.reportsOf(hourOf(id))}${id}/`;
  }

  /** One status of one part of a message. */
  report(id: string, index: number, status: string, msgId?: string): string {
    return `${this.reportsOn(id)}${index}/${msgId === undefined ? '-' : shortened(msgId)}/${status}`;
  }

  /** Prefix of the records with missing reports, oldest first. */
  get missing(): string {
    return `${this.#prefix}missing/`;
  }
}
