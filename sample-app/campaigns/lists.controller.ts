import type { IncomingMessage } from 'node:http';
import { Body, Controller, HttpCode, HttpStatus, Post, Req } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiTags,
} from '@nestjs/swagger';
import { CampaignDesk } from './campaign-desk.js';
import { CHECK_SCHEMA, LIST_SCHEMA } from './campaign-schemas.js';
import { CheckCampaignDto } from './campaign.dto.js';
import type { CampaignCheck } from './check-campaign.js';
import { ListStore, type StoredList } from './list-store.js';

const EXAMPLE = 'mobile,name\n0501234567,Sara\n٠٥٠٧٦٥٤٣٢١,علي\n';

/** What happens before a campaign: its list is uploaded, and looked at together with its message. */
@ApiTags('campaigns')
@Controller('campaigns')
export class ListsController {
  constructor(
    private readonly lists: ListStore,
    private readonly desk: CampaignDesk,
  ) {}

  @ApiOperation({
    summary: 'Upload a list of recipients: CSV in UTF-8 or UTF-16, 64 MB at the most',
    description:
      'The column dest, number, mobile or phone, or else the first one, is the number; the others are fields for the text. It is kept until a campaign is started with it, for an hour at the most.',
  })
  @ApiConsumes('text/csv')
  @ApiBody({ schema: { type: 'string', example: EXAMPLE } })
  @ApiCreatedResponse({ schema: LIST_SCHEMA })
  @ApiBadRequestResponse({ description: 'It is no CSV in UTF-8 or UTF-16, or has no recipients' })
  @ApiPayloadTooLargeResponse({ description: 'It is larger' })
  @Post('lists')
  upload(@Req() request: IncomingMessage): Promise<StoredList> {
    return this.lists.save(request);
  }

  @ApiOperation({ summary: 'The dry run: who will get a message, and what that will cost; nothing is sent' })
  @ApiOkResponse({ schema: CHECK_SCHEMA })
  @ApiBadRequestResponse({ description: 'The message is faulty' })
  @ApiNotFoundResponse({ description: 'The list is not there (any more)' })
  @HttpCode(HttpStatus.OK)
  @Post('check')
  check(@Body() campaign: CheckCampaignDto): Promise<CampaignCheck> {
    return this.desk.check(campaign);
  }
}
