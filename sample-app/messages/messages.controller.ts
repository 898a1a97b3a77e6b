import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { OurSmsService, SendMessageDto, type SendEstimate } from 'nestjs-oursms';
import { LastHour } from '../reports/last-hour.js';
import { MESSAGE_EXAMPLES } from './message-examples.js';
import { PreviewDto } from './preview.dto.js';
import { previewMessage, type Preview } from './preview.js';
import { SentMessageDto } from './sent-message.dto.js';
import { SentTexts } from './sent-texts.js';
import { shownReceipt, type ShownReceipt } from './shown-receipt.js';
import { ESTIMATE_SCHEMA, PREVIEW_SCHEMA, RECEIPT_SCHEMA } from './response-schemas.js';

/** Sends messages, and says beforehand what a text will take. */
@ApiTags('messages')
@Controller('messages')
export class MessagesController {
  constructor(
    private readonly oursms: OurSmsService,
    private readonly texts: SentTexts,
    private readonly hour: LastHour,
  ) {}

  @ApiOperation({ summary: 'Send a message to up to 500 recipients' })
  @ApiBody({ type: SentMessageDto, examples: MESSAGE_EXAMPLES })
  @ApiCreatedResponse({ description: 'What the gateway accepted and rejected', schema: RECEIPT_SCHEMA })
  @ApiBadRequestResponse({ description: 'Refused before anything was sent: the answer names the faulty fields' })
  @Post()
  async send(@Body() message: SentMessageDto): Promise<ShownReceipt> {
    const { reference = `msg-${randomUUID().slice(0, 8)}`, body, dlr } = message;
    this.texts.remember(reference, body);
    const receipt = await this.oursms.send(message, { reference });
    if (dlr) this.hour.noteSend(reference);
    return shownReceipt(receipt);
  }

  @ApiOperation({ summary: 'The dry run: what a message would take, and whether the credits suffice; nothing is sent' })
  @ApiBody({ type: SendMessageDto, examples: MESSAGE_EXAMPLES })
  @ApiOkResponse({ schema: ESTIMATE_SCHEMA })
  @ApiBadRequestResponse({ description: 'A send would be refused: the answer names the faulty fields' })
  @HttpCode(HttpStatus.OK)
  @Post('estimate')
  estimate(@Body() message: SendMessageDto): Promise<SendEstimate> {
    return this.oursms.estimate(message);
  }

  @ApiOperation({ summary: 'Parts of a text and advice on it while it is written; the gateway is not asked' })
  @ApiOkResponse({ schema: PREVIEW_SCHEMA })
  @HttpCode(HttpStatus.OK)
  @Post('preview')
  preview(@Body() message: PreviewDto): Preview {
    return previewMessage(message);
  }
}
