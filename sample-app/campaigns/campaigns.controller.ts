import {
  Body,
  ConflictException,
  Controller,
  Delete,
  Get,
  HttpCode,
  HttpStatus,
  Param,
  ParseEnumPipe,
  Post,
  Sse,
  StreamableFile,
  type MessageEvent,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import { map, type Observable } from 'rxjs';
import { COUNT_SCHEMA, EMPTY_BODY_SCHEMA } from '../inbox/inbox-schemas.js';
import { CampaignWatch } from './campaign-watch.js';
import { CampaignDesk, type CampaignView, type StartedCampaign } from './campaign-desk.js';
import { INPUT_GROUPS, inputsFile, showInputs, type InputGroup, type ShownInputs } from './campaign-inputs.js';
import { CAMPAIGN_SCHEMA, INPUTS_SCHEMA, STARTED_SCHEMA } from './campaign-schemas.js';
import { ResolveUnknownDto, StartCampaignDto } from './campaign.dto.js';

const GROUPS = Object.fromEntries(INPUT_GROUPS.map((name) => [name, name]));
const NONE = { description: 'There is no campaign of this id' };

/** Campaigns: what is sent to many, and goes on after a restart. */
@ApiTags('campaigns')
@Controller('campaigns')
export class CampaignsController {
  constructor(
    private readonly desk: CampaignDesk,
    private readonly watch: CampaignWatch,
  ) {}

  @ApiOperation({ summary: 'Start a campaign with a list that was uploaded' })
  @ApiCreatedResponse({ schema: STARTED_SCHEMA })
  @ApiBadRequestResponse({ description: 'The message is faulty, or the id belongs to another message' })
  @ApiNotFoundResponse({ description: 'The list is not there (any more)' })
  @Post()
  start(@Body() plan: StartCampaignDto): Promise<StartedCampaign> {
    return this.desk.start(plan);
  }

  @ApiOperation({ summary: 'All campaigns: those that go on, then those that are over' })
  @ApiOkResponse({ schema: { type: 'array', items: CAMPAIGN_SCHEMA } })
  @Get()
  list(): Promise<CampaignView[]> {
    return this.desk.list();
  }

  @ApiOperation({ summary: 'How far a campaign is' })
  @ApiOkResponse({ schema: CAMPAIGN_SCHEMA })
  @ApiNotFoundResponse(NONE)
  @Get(':id')
  get(@Param('id') id: string): Promise<CampaignView> {
    return this.desk.view(id);
  }

  @ApiOperation({
    summary: 'How far a campaign is, as server-sent events: until it is over, and then as its delivery reports come',
  })
  @ApiOkResponse({ description: 'Each event carries a campaign', content: { 'text/event-stream': {} } })
  @ApiNotFoundResponse(NONE)
  @Sse(':id/progress')
  async progress(@Param('id') id: string): Promise<Observable<MessageEvent>> {
    return (await this.watch.follow(id)).pipe(map((campaign) => ({ data: campaign })));
  }

  @ApiOperation({ summary: 'The first recipients that came to something, masked' })
  @ApiParam({ name: 'group', enum: INPUT_GROUPS })
  @ApiOkResponse({ schema: INPUTS_SCHEMA })
  @ApiNotFoundResponse(NONE)
  @Get(':id/inputs/:group')
  async inputs(
    @Param('id') id: string,
    @Param('group', new ParseEnumPipe(GROUPS)) group: InputGroup,
  ): Promise<ShownInputs> {
    return showInputs(await this.desk.get(id), group);
  }

  @ApiOperation({ summary: 'All recipients that came to something, with their whole numbers, as CSV' })
  @ApiParam({ name: 'group', enum: INPUT_GROUPS })
  @ApiOkResponse({ content: { 'text/csv': {} } })
  @ApiNotFoundResponse(NONE)
  @Get(':id/inputs/:group/csv')
  async inputsCsv(
    @Param('id') id: string,
    @Param('group', new ParseEnumPipe(GROUPS)) group: InputGroup,
  ): Promise<StreamableFile> {
    return new StreamableFile(inputsFile(await this.desk.get(id), group), {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename="${group}.csv"`,
    });
  }

  @ApiOperation({ summary: 'Sends nothing more until it is resumed, also after a restart' })
  @ApiBody({ schema: EMPTY_BODY_SCHEMA })
  @ApiOkResponse({ schema: CAMPAIGN_SCHEMA })
  @ApiNotFoundResponse(NONE)
  @HttpCode(HttpStatus.OK)
  @Post(':id/pause')
  async pause(@Param('id') id: string): Promise<CampaignView> {
    await (await this.desk.get(id)).pause();
    return this.desk.view(id);
  }

  @ApiOperation({ summary: 'Goes on' })
  @ApiBody({ schema: EMPTY_BODY_SCHEMA })
  @ApiOkResponse({ schema: CAMPAIGN_SCHEMA })
  @ApiNotFoundResponse(NONE)
  @HttpCode(HttpStatus.OK)
  @Post(':id/resume')
  async resume(@Param('id') id: string): Promise<CampaignView> {
    await (await this.desk.get(id)).resume();
    return this.desk.view(id);
  }

  @ApiOperation({ summary: 'Sends nothing more, ever' })
  @ApiBody({ schema: EMPTY_BODY_SCHEMA })
  @ApiOkResponse({ schema: CAMPAIGN_SCHEMA })
  @ApiNotFoundResponse(NONE)
  @HttpCode(HttpStatus.OK)
  @Post(':id/cancel')
  async cancel(@Param('id') id: string): Promise<CampaignView> {
    await (await this.desk.get(id)).cancel();
    return this.desk.view(id);
  }

  @ApiOperation({ summary: 'Says what became of the recipients of which nobody knows' })
  @ApiOkResponse({ schema: COUNT_SCHEMA })
  @ApiNotFoundResponse(NONE)
  @HttpCode(HttpStatus.OK)
  @Post(':id/resolve-unknown')
  async resolveUnknown(@Param('id') id: string, @Body() { fate }: ResolveUnknownDto): Promise<{ count: number }> {
    return { count: await this.desk.resolveUnknown(id, fate) };
  }

  @ApiOperation({ summary: 'Forgets a campaign that is done or cancelled, with its numbers' })
  @ApiOkResponse({ schema: COUNT_SCHEMA })
  @ApiNotFoundResponse(NONE)
  @ApiConflictResponse({ description: 'It is not over' })
  @Delete(':id')
  async remove(@Param('id') id: string): Promise<{ count: number }> {
    if (!(await this.desk.remove(id))) throw new ConflictException('It is not over: cancel it first.');
    return { count: 1 };
  }
}
