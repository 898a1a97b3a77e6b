import { setImmediate as turn } from 'node:timers/promises';

/**
 * The recipients of a campaign (`CampaignOrder`): of a hundred, one comes again in another spelling, and one is no number.
 *
 * @param onEach Called with the number of each before it is given.
 */
export async function* recipientsOf({ count, texts, from }, onEach = () => undefined) {
  for (let i = 0; i < count; i++) {
    onEach(i);
    if (i % 500 === 0) await turn();
    const digits = String(from + i).padStart(8, '0');
    yield texts === 0 ? `05${digits}` : { dest: `05${digits}`, name: `N${i % texts}` };
    if (i % 100 === 7) yield { dest: `+966 5 ${digits}`, name: 'again' };
    if (i % 100 === 9) yield `no number ${i}`;
  }
}

/** The message of a campaign. */
export function messageOf({ body, texts }) {
  return { src: 'MyBrand', body: texts === 0 ? body : `${body} {name}` };
}

/** The recipients of a campaign by what they came to. */
export async function listsOf(campaign) {
  const lists = {};
  for (const fate of ['sent', 'rejected', 'invalid', 'duplicate', 'notSent', 'unknown']) {
    lists[fate] = [];
    for await (const { dest } of campaign.inputs(fate)) lists[fate].push(dest);
  }
  return lists;
}
