import type { CampaignReport } from 'nestjs-oursms';
import type { GatewaySimulator, RequestRecord } from 'nestjs-oursms/testing';
import { normalized } from '../../support/campaign-bench.js';
import type { CampaignLists, CampaignOrder } from './campaign-process.js';

/** What is known of a campaign when all is over. */
export interface CampaignEvidence {
  order: CampaignOrder;
  isGuarded: boolean;
  kills: number;
  /** Its requests may hold those of other campaigns, to other numbers. */
  gateway: Pick<GatewaySimulator, 'requests' | 'phone'>;
  /** Undefined when it did not come to its end. */
  end?: { report: CampaignReport; lists: CampaignLists };
}

/** What became of recipients. */
export interface CampaignAccount {
  campaigns: number;
  kills: number;
  requests: number;
  recipients: number;
  /** Recipients that got the message twice. */
  twice: number;
  /** Recipients that did not get it. */
  never: number;
  /** Recipients that are listed as unknown. */
  unknown: number;
  /** What must not be. */
  faults: string[];
}

/** Accounts for every recipient: what its phone got, and what the campaign says of it. */
export function accountForCampaign(evidence: CampaignEvidence): CampaignAccount {
  const { order, gateway, kills, end, isGuarded } = evidence;
  const sends = gateway.requests.filter(({ call }) => call === 'send');
  const dests = Array.from({ length: order.count }, (_, i) => normalized(order.from + i));
  const reached = new Map(dests.map((dest) => [dest, gateway.phone(dest).length]));
  const faults = new Faults(`${order.id}${isGuarded ? ', guarded' : ''}`);
  const twice = dests.filter((dest) => (reached.get(dest) ?? 0) > 1);
  const never = dests.filter((dest) => reached.get(dest) === 0);
  if (!order.sendsAgain) faults.note('were reached twice', twice);
  if (end === undefined) faults.say('did not come to its end');
  else {
    faults.all(reportFaults(order, end.report));
    noteLists(end.lists, reached, faults);
    if (isGuarded) {
      faults.note('were never reached', never);
      faults.note('are listed as unknown', end.lists.unknown);
    } else if (!order.sendsAgain) noteDoubts(evidence, end.lists, sends, faults);
  }
  const unknown = end?.lists.unknown.length ?? 0;
  const sums = { requests: sends.length, recipients: order.count, twice: twice.length, never: never.length, unknown };
  return { campaigns: 1, kills, ...sums, faults: faults.found };
}

/** Adds accounts up. */
export function mergeAccounts(accounts: readonly CampaignAccount[]): CampaignAccount {
  const sum = (of: (account: CampaignAccount) => number): number => accounts.reduce((total, one) => total + of(one), 0);
  return {
    campaigns: sum(({ campaigns }) => campaigns),
    kills: sum(({ kills }) => kills),
    requests: sum(({ requests }) => requests),
    recipients: sum(({ recipients }) => recipients),
    twice: sum(({ twice }) => twice),
    never: sum(({ never }) => never),
    unknown: sum(({ unknown }) => unknown),
    faults: accounts.flatMap(({ faults }) => faults),
  };
}

class Faults {
  readonly found: string[] = [];

  constructor(private readonly campaign: string) {}

  say(what: string): void {
    this.found.push(`${this.campaign}: ${what}`);
  }

  all(whats: readonly string[]): void {
    for (const what of whats) this.say(what);
  }

  /** Says how many recipients something is wrong with, and names one. */
  note(what: string, dests: readonly string[]): void {
    if (dests.length > 0) this.say(`${dests.length} recipients ${what}, such as ${dests[0]}`);
  }
}

/** The report accounts for every input. */
function reportFaults({ count }: CampaignOrder, report: CampaignReport): string[] {
  const { state, total, pending, sent, rejected, invalid, duplicate, notSent, unknown } = report;
  const faults: string[] = [];
  const inputs = count + (2 * count) / 100;
  const sum = sent + rejected + invalid + duplicate + notSent + unknown;
  if (state !== 'done' || pending !== 0) faults.push(`is ${state}, with ${pending} pending`);
  if (total !== inputs || sum !== inputs)
    faults.push(`counts ${total} inputs, ${sum} of them accounted for, of ${inputs}`);
  if (invalid !== count / 100 || duplicate !== count / 100) {
    faults.push(`counts ${invalid} invalid inputs and ${duplicate} duplicates instead of ${count / 100} each`);
  }
  return faults;
}

/** Each recipient is in one list, and what the list says of it is so. */
function noteLists(lists: CampaignLists, reached: Map<string, number>, faults: Faults): void {
  const listed = [...lists.sent, ...lists.rejected, ...lists.notSent, ...lists.unknown];
  const different = new Set(listed);
  if (different.size !== listed.length) faults.say(`lists ${listed.length - different.size} recipients twice`);
  const absent = [...reached.keys()].filter((dest) => !different.has(dest));
  faults.note('are in no list', absent);
  faults.note(
    'are listed as sent, and were not reached',
    lists.sent.filter((dest) => reached.get(dest) === 0),
  );
  faults.note(
    'are listed as not sent, and were reached',
    [...lists.notSent, ...lists.rejected].filter((dest) => reached.get(dest) !== 0),
  );
}

/** What is in doubt is not sent again, and nothing else is in doubt. */
function noteDoubts(
  { order, kills }: CampaignEvidence,
  lists: CampaignLists,
  sends: readonly RequestRecord[],
  faults: Faults,
): void {
  const told = new Set([...lists.sent, ...lists.unknown]);
  const inDoubt = new Set<string>();
  const left = new Set<string>();
  const again = new Set<string>();
  for (const { params, status, fault = 'none' } of sends) {
    const dests = (params.dests ?? '').split(',');
    for (const dest of dests) if (left.has(dest)) again.add(dest);
    // All other answers may be those of a gateway that has sent.
    if (status === 429) continue;
    for (const dest of dests) left.add(dest);
    if (fault !== 'none' && fault !== 'latency') for (const dest of dests) inDoubt.add(dest);
  }
  faults.note('were sent to again, although they may have been reached', [...again]);
  faults.note(
    'were on the wire, and are listed neither as sent nor as unknown',
    [...left].filter((dest) => !told.has(dest)),
  );
  const cut = lists.unknown.filter((dest) => !inDoubt.has(dest)).length;
  const inARequest = order.texts === 0 ? 500 : Math.ceil(order.count / order.texts);
  const atMost = kills * order.concurrency * inARequest;
  if (cut > atMost) faults.say(`${cut} recipients are unknown, where the kills can have cut ${atMost} off`);
}
