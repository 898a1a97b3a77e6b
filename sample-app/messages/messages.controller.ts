import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { describeText, OurSmsService, SendMessageDto, type SendReceipt, type TextDescription } from 'nestjs-oursms';
import { MESSAGE_EXAMPLES } from './message-fields.js';
import { PreviewDto } from './preview.dto.js';
import { RECEIPT_SCHEMA, TEXT_SCHEMA } from './response-schemas.js';

/** Sends messages, and says beforehand what a text will take. */
@ApiTags('messages')
@Controller('messages')
export class MessagesController {
  constructor(private readonly oursms: OurSmsService) {}

  @ApiOperation({ summary: 'Send a message to up to 500 recipients' })
  @ApiBody({ type: SendMessageDto, examples: MESSAGE_EXAMPLES })
  @ApiCreatedResponse({ description: 'What the gateway accepted and rejected', schema: RECEIPT_SCHEMA })
  @ApiBadRequestResponse({ description: 'Refused before anything was sent: the answer names the faulty fields' })
  @Post()
  send(@Body() message: SendMessageDto): Promise<SendReceipt> {
    return this.oursms.send(message);
  }

  @ApiOperation({ summary: 'Encoding and parts of a text; nothing is sent' })
  @ApiOkResponse({ schema: TEXT_SCHEMA })
  @HttpCode(HttpStatus.OK)
  @Post('preview')
  preview(@Body() { body }: PreviewDto): TextDescription {
    return describeText(body);
  }
}
