import { hash } from 'node:crypto';
import type { DlrPage } from '../gateway/dlr-page.js';
import { readDlrs, type DlrReading } from '../gateway/read-dlrs.js';
import type { NewJob } from '../queue/durable-queue.js';
import type { StoredPage } from './stored-jobs.js';

/** Largest number of pushes in a job: when a process ends, all reports of its jobs are redelivered one by one. */
const MAX_PUSHES = 32;
/** Largest number of characters in a job. A longer push is a job of its own. */
const MAX_CHARACTERS = 64 * 1024;
/** Separates the bodies in a job. */
const SEPARATOR = '\n';

/** A push, and the id of its job when it is written alone. */
export interface NamedPush {
  name: string;
  page: DlrPage;
}

/** Name of a push, made of its text: a repeated push has the same name, so it is not queued twice. */
export const pushName = ({ text }: DlrPage): string => `push-${digest(text)}`;

/** The job of a single push. */
export const pushJob = (page: StoredPage): NewJob<StoredPage> => ({ id: pushName(page), data: page });

/**
 * Groups pushes that are written together into jobs, since a job of many pushes costs the queue no more than a job of one. A push
 * that is alone, long or not plain UTF-8 becomes a job of its own.
 *
 * @returns The jobs in the order of the pushes, each with the names of its pushes.
 */
export function groupPushes(pushes: readonly NamedPush[]): { job: NewJob<StoredPage>; names: string[] }[] {
  const groups: NamedPush[][] = [];
  let group: NamedPush[] = [];
  let characters = Infinity;
  for (const push of pushes) {
    const { text, encoding } = push.page;
    characters += text.length;
    if (group.length === MAX_PUSHES || characters > MAX_CHARACTERS || encoding !== undefined) {
      groups.push((group = []));
      // No other push joins an encoded one.
      characters = encoding === undefined ? text.length : Infinity;
    }
    group.push(push);
  }
  return groups.map((one) => ({ job: jobOf(one), names: one.map(({ name }) => name) }));
}

/** Splits a page into the pushes that were written together. Any other page is returned as it is. */
export function pushesOf(page: StoredPage): StoredPage[] {
  const { bodies, text, account, httpStatus, idRule, asked, gapTold, isPush, handled } = page;
  if (bodies === undefined) return [page];
  let end = -SEPARATOR.length;
  return bodies.map(({ length, receivedAt }) => {
    const start = end + SEPARATOR.length;
    end = start + length;
    const body = text.slice(start, end);
    return { account, receivedAt, at: receivedAt, httpStatus, idRule, asked, gapTold, isPush, handled, text: body };
  });
}

/**
 * Reads the reports of a page, or of each push in it. Never throws.
 *
 * @returns `unread`: the pushes of a group that cannot be read. Their complete reports are among `dlrs`.
 */
export async function readPage(page: StoredPage, maxBytes: number): Promise<DlrReading & { unread: StoredPage[] }> {
  if (page.bodies === undefined) return { ...(await readDlrs(page, maxBytes)), unread: [] };
  const [dlrs, unread]: [DlrReading['dlrs'], StoredPage[]] = [[], []];
  for (const push of pushesOf(page)) {
    const reading = await readDlrs(push, maxBytes);
    dlrs.push(...reading.dlrs);
    if (!reading.ok) unread.push({ ...push, handled: reading.dlrs.map(({ id }) => id) });
  }
  return { ok: true, dlrs, unread, shown: { raw: page.text, rawEncoding: 'utf8' } };
}

function jobOf(group: readonly NamedPush[]): NewJob<StoredPage> {
  const [{ name, page }] = group as [NamedPush];
  // The gateway keeps a push that is not answered with 200, so no gap is announced for an unreadable one.
  const push: StoredPage = { ...page, at: page.receivedAt, asked: 0, gapTold: true, isPush: true };
  if (group.length === 1) return { id: name, data: push };
  const bodies = group.map(({ page: { text, receivedAt } }) => ({ length: text.length, receivedAt }));
  const text = group.map((one) => one.page.text).join(SEPARATOR);
  // Must differ from the name of a single push with the same text.
  const id = `pushes-${digest(group.map((one) => one.name).join())}`;
  return { id, data: { ...push, text, bodies } };
}

const digest = (text: string): string => hash('sha256', text, 'base64url').slice(0, 24);
