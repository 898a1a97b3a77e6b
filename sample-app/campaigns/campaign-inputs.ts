import { Readable } from 'node:stream';
import type { Campaign, CampaignFate, CampaignInput } from 'nestjs-oursms';
import { maskInput } from '../inbox/mask-number.js';

/** Recipients that are shown on the page. */
const SHOWN = 20;
/** What a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** Recipients by what they came to, as the page groups them: those of the funnel, then all others. */
export const INPUT_GROUPS = [
  ...(['list', 'valid', 'accepted', 'delivered', 'undelivered', 'noReportYet', 'missing'] as const),
  ...(['rejected', 'unknown', 'notSent', 'leftOut'] as const),
];

/** A name of {@link INPUT_GROUPS}. */
export type InputGroup = (typeof INPUT_GROUPS)[number];

/** A recipient and what became of it. */
export interface FatedInput extends CampaignInput {
  fate: CampaignFate;
}

/** The first recipients of a group, masked. */
export interface ShownInputs {
  inputs: FatedInput[];
  /** Whether there are more of them. */
  hasMore: boolean;
}

/** The first recipients of a group, for the page. */
export async function showInputs(campaign: Campaign, group: InputGroup): Promise<ShownInputs> {
  const inputs: FatedInput[] = [];
  for await (const input of inputsOf(campaign, group)) {
    if (inputs.length === SHOWN) return { inputs, hasMore: true };
    inputs.push({ ...input, dest: maskInput(input.dest) });
  }
  return { inputs, hasMore: false };
}

/** All recipients of a group as CSV with their whole numbers, read as they are asked for. */
export function inputsFile(campaign: Campaign, group: InputGroup): Readable {
  async function* lines(): AsyncGenerator<string> {
    // A spreadsheet reads UTF-8 by its mark.
    yield '\ufeffdest,fate,reason\r\n';
    for await (const { dest, fate, reason } of inputsOf(campaign, group)) {
      yield `${[dest, fate, reason ?? ''].map(toCell).join(',')}\r\n`;
    }
  }
  return Readable.from(lines());
}

async function* inputsOf(campaign: Campaign, group: InputGroup): AsyncGenerator<FatedInput> {
  for (const fate of fatesOf(campaign, group)) {
    for await (const input of campaign.inputs(fate)) yield { ...input, fate };
  }
}

function fatesOf(campaign: Campaign, group: InputGroup): CampaignFate[] {
  const hasReports = campaign.snapshot().delivered !== undefined;
  // Reports may come while this is read, and make one of the first fates one of the last: so no recipient is left out.
  const accepted: CampaignFate[] = hasReports ? ['noReportYet', 'missing', 'undelivered', 'delivered'] : ['sent'];
  const valid: CampaignFate[] = [...accepted, 'rejected', 'unknown', 'notSent'];
  const leftOut: CampaignFate[] = ['invalid', 'duplicate'];
  switch (group) {
    case 'list':
      return [...valid, ...leftOut];
    case 'valid':
      return valid;
    case 'accepted':
      return accepted;
    case 'leftOut':
      return leftOut;
    default:
      return [group];
  }
}

/** An apostrophe keeps a spreadsheet from running what stands in a cell. */
function toCell(value: string): string {
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
