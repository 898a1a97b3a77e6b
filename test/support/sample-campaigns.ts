import type { CampaignProgress } from 'nestjs-oursms';
import type { StartedCampaign } from '../../sample-app/campaigns/campaign-desk.js';
import type { StoredList } from '../../sample-app/campaigns/list-store.js';
import type { Answer, SampleBench } from './sample-bench.js';

/** Campaigns of the sample application, as a client of its HTTP API has them. */
export class SampleCampaigns {
  constructor(private readonly sample: SampleBench) {}

  /** Uploads a list; an async iterable is streamed. */
  async upload<T = StoredList>(
    csv: string | Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array>,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const isStream = typeof csv === 'object' && Symbol.asyncIterator in csv;
    const body = isStream ? ReadableStream.from(csv) : csv;
    const response = await fetch(`${this.sample.url}/campaigns/lists`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv', ...headers },
      body: body as string,
      ...(isStream ? { duplex: 'half' } : {}),
    });
    return { status: response.status, json: (await response.json()) as T };
  }

  /** Uploads a list and starts a campaign with it. */
  async start(csv: string, plan: object): Promise<StartedCampaign> {
    const { list } = (await this.upload(csv)).json;
    const { status, json } = await this.sample.post<StartedCampaign>('/campaigns', { list, ...plan });
    if (status !== 201) throw new Error(JSON.stringify(json));
    return json;
  }

  /** Follows the progress of a campaign until it fits; gives back all that was told. */
  async follow(id: string, fits: (progress: CampaignProgress) => boolean): Promise<CampaignProgress[]> {
    const leave = new AbortController();
    const signal = AbortSignal.any([leave.signal, AbortSignal.timeout(40_000)]);
    const response = await fetch(`${this.sample.url}/campaigns/${encodeURIComponent(id)}/progress`, { signal });
    const told: CampaignProgress[] = [];
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const events = (text + chunk).split('\n\n');
      text = events.pop() ?? '';
      for (const [, data] of events.map((event) => /^data: (.*)$/m.exec(event) ?? [])) {
        if (data !== undefined) told.push(JSON.parse(data) as CampaignProgress);
      }
      const last = told.at(-1);
      if (last === undefined || !fits(last)) continue;
      leave.abort();
      return told;
    }
    throw new Error(`the stream ended before it fitted: ${JSON.stringify(told.at(-1))}`);
  }
}
