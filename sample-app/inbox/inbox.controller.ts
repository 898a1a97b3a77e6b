import { Body, Controller, Delete, Get, HttpCode, HttpStatus, NotFoundException, Param, Post } from '@nestjs/common';
import {
  ApiBody,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { DlrInbox, type DlrPoll } from 'nestjs-oursms';
import { ReportWay } from '../reports/report-way.js';
import { ReportWayDto } from '../reports/report-way.dto.js';
import { DemoFailure } from './demo-failure.js';
import { DemoFailureDto } from './demo-failure.dto.js';
import { COUNT_SCHEMA, EMPTY_BODY_SCHEMA, FAILED_SCHEMA, POLL_SCHEMA, STATS_SCHEMA } from './inbox-schemas.js';
import { InboxView, type FailedReport, type InboxStats } from './inbox-view.js';
import { InboxWatch } from './inbox-watch.js';

/** How many reports something was done to. */
interface Count {
  count: number;
}

/** The reports between the gateway and their listener: what waits, what failed, and what to do about it. */
@ApiTags('inbox')
@Controller('inbox')
export class InboxController {
  constructor(
    private readonly inbox: DlrInbox,
    private readonly view: InboxView,
    private readonly watch: InboxWatch,
    private readonly demoFailure: DemoFailure,
    private readonly reportWay: ReportWay,
  ) {}

  @ApiOperation({ summary: 'What is in the inbox, and what came of the last poll' })
  @ApiOkResponse({ schema: STATS_SCHEMA })
  @Get()
  stats(): Promise<InboxStats> {
    return this.view.stats();
  }

  @ApiOperation({ summary: 'The reports that were given up, oldest first, 50 at the most' })
  @ApiOkResponse({ schema: FAILED_SCHEMA })
  @Get('failed')
  failed(): Promise<FailedReport[]> {
    return this.view.failed();
  }

  @ApiOperation({ summary: 'Polls the gateway now, or as soon as a poll that is running has ended' })
  @ApiBody({ schema: EMPTY_BODY_SCHEMA })
  @ApiOkResponse({ schema: POLL_SCHEMA })
  @HttpCode(HttpStatus.OK)
  @Post('poll')
  async poll(): Promise<DlrPoll> {
    return this.done(await this.inbox.pollNow());
  }

  @ApiOperation({ summary: 'Downloads nothing and hands nothing over until it is resumed' })
  @ApiBody({ schema: EMPTY_BODY_SCHEMA })
  @ApiOkResponse({ schema: STATS_SCHEMA })
  @HttpCode(HttpStatus.OK)
  @Post('pause')
  async pause(): Promise<InboxStats> {
    await this.inbox.pause();
    return this.done(await this.view.stats());
  }

  @ApiOperation({ summary: 'Goes on, with a poll at once' })
  @ApiBody({ schema: EMPTY_BODY_SCHEMA })
  @ApiOkResponse({ schema: STATS_SCHEMA })
  @HttpCode(HttpStatus.OK)
  @Post('resume')
  async resume(): Promise<InboxStats> {
    await this.inbox.resume();
    return this.done(await this.view.stats());
  }

  @ApiOperation({ summary: 'Hands a report that was given up to the listener again' })
  @ApiBody({ schema: EMPTY_BODY_SCHEMA })
  @ApiOkResponse({ schema: COUNT_SCHEMA })
  @ApiNotFoundResponse({ description: 'No report of this id was given up' })
  @HttpCode(HttpStatus.OK)
  @Post('retry/:id')
  async retry(@Param('id') id: string): Promise<Count> {
    if (!(await this.inbox.retry(id))) throw notFound(id);
    return this.done({ count: 1 });
  }

  @ApiOperation({ summary: 'Hands all reports that were given up to the listener again' })
  @ApiBody({ schema: EMPTY_BODY_SCHEMA })
  @ApiOkResponse({ schema: COUNT_SCHEMA })
  @HttpCode(HttpStatus.OK)
  @Post('retry-all')
  async retryAll(): Promise<Count> {
    return this.done({ count: await this.inbox.retryAll() });
  }

  @ApiOperation({
    summary: 'Has reports polled or pushed from now on: with the simulated gateway of this process only',
  })
  @ApiOkResponse({ schema: STATS_SCHEMA })
  @ApiConflictResponse({ description: 'The gateway is the real one, or another process' })
  @HttpCode(HttpStatus.OK)
  @Post('way')
  async turnWay(@Body() { way }: ReportWayDto): Promise<InboxStats> {
    await this.reportWay.turn(way);
    return this.done(await this.view.stats());
  }

  @ApiOperation({
    summary: 'Makes the listener fail, to see what becomes of a report: with the simulated gateway only',
  })
  @ApiOkResponse({ schema: STATS_SCHEMA })
  @ApiConflictResponse({ description: 'The gateway is the real one' })
  @HttpCode(HttpStatus.OK)
  @Post('demo-failure')
  async fail(@Body() { failing }: DemoFailureDto): Promise<InboxStats> {
    this.demoFailure.turn(failing);
    return this.done(await this.view.stats());
  }

  @ApiOperation({ summary: 'Forgets a report that was given up, or a download that could not be read' })
  @ApiOkResponse({ schema: COUNT_SCHEMA })
  @ApiNotFoundResponse({ description: 'There is none of this id' })
  @Delete(':id')
  async remove(@Param('id') id: string): Promise<Count> {
    if (!(await this.inbox.remove(id))) throw notFound(id);
    return this.done({ count: 1 });
  }

  /** Lets whoever watches see at once what was done. */
  private done<T>(answer: T): T {
    this.watch.lookNow();
    return answer;
  }
}

const notFound = (id: string): NotFoundException =>
  new NotFoundException(`No failed report has the id ${id.slice(0, 40)}: it may have been retried or removed already.`);
