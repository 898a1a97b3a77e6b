import { hash } from 'node:crypto';
import { accountPart } from '../queue/key-part.js';
import { hourOf } from './message-record.js';

/** Ids that a name can contain as they are: short, and without half a surrogate pair. */
const PLAIN_ID = /^[\w.:-]{1,40}$/;

/** A short form of an id of the gateway, for a name. Consecutive ids stay neighbours, which are read together. */
const shortened = (id: string): string => (PLAIN_ID.test(id) ? id : `${hash('sha256', id, 'base64url').slice(0, 22)}#`);

/** Names of the tracking notes of an account. */
export class TrackingNames {
  readonly #prefix: string;

  constructor(account: string) {
    this.#prefix = `${accountPart(account)}/tracking/`;
  }

  /** Key of the hashes of numbers. */
  get key(): string {
    return `${this.#prefix}key`;
  }

  /** Id of the last record that the search for missing reports has checked. */
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

  /** Lock of the sweep, which one instance runs for all. */
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
    // No stored reference has half a surrogate pair, so nothing is stored under an empty one.
    return `${this.#prefix}reference/${/\p{Surrogate}/u.test(reference) ? '' : encodeURIComponent(reference)}/`;
  }

  /** Prefix of the records of a recipient. */
  dest(numberHash: string): string {
    return `${this.#prefix}dest/${numberHash}/`;
  }

  /** Prefix of the forgotten records to all recipients with a trace. */
  forgotten(trace: string): string {
    return `${this.#prefix}forgotten/${trace}/`;
  }

  /** Marks a record that was forgotten before the answer to its send was stored. */
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

  /** Report of one status of one part of a message. */
  report(id: string, index: number, status: string, msgId?: string): string {
    return `${this.reportsOn(id)}${index}/${msgId === undefined ? '-' : shortened(msgId)}/${status}`;
  }

  /** Prefix of the records with missing reports, oldest first. */
  get missing(): string {
    return `${this.#prefix}missing/`;
  }
}
