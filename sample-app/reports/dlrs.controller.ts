import { Controller, Sse, type MessageEvent } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { map, merge, type Observable } from 'rxjs';
import { InboxWatch } from '../inbox/inbox-watch.js';
import { DlrFeed } from './dlr-feed.js';

/** Streams the delivery reports to whoever looks at the page, and what is in the inbox. */
@ApiTags('reports')
@Controller('dlrs')
export class DlrsController {
  constructor(
    private readonly feed: DlrFeed,
    private readonly watch: InboxWatch,
  ) {}

  /** One stream for both: a browser opens no more than six connections to an address, in all of its tabs together. */
  @ApiOperation({ summary: 'Delivery reports as server-sent events: the last 50, then each as it comes' })
  @ApiOkResponse({
    description:
      'Each event carries a Dlr; its id is the id of the report. Events of the type inbox carry what is in the inbox, at most once a second',
    content: { 'text/event-stream': {} },
  })
  @Sse()
  stream(): Observable<MessageEvent> {
    return merge(
      this.feed.reports.pipe(map((dlr) => ({ id: dlr.id, data: dlr }))),
      this.watch.pictures.pipe(map((picture) => ({ type: 'inbox', data: picture }))),
    );
  }
}
