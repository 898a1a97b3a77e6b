import { Controller, Sse, type MessageEvent } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { map, type Observable } from 'rxjs';
import { DlrFeed } from './dlr-feed.js';

/** Streams the delivery reports to whoever looks at the page. */
@ApiTags('reports')
@Controller('dlrs')
export class DlrsController {
  constructor(private readonly feed: DlrFeed) {}

  @ApiOperation({ summary: 'Delivery reports as server-sent events: the last 50, then each as it comes' })
  @ApiOkResponse({
    description: 'Each event carries a Dlr; its id is the id of the report',
    content: { 'text/event-stream': {} },
  })
  @Sse()
  stream(): Observable<MessageEvent> {
    return this.feed.reports.pipe(map((dlr) => ({ id: dlr.id, data: dlr })));
  }
}
