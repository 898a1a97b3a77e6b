import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString, Length } from 'class-validator';
import { SendMessageDto } from 'nestjs-oursms';

/** A message with a reference of ours: what the module takes, and what its delivery report is recognised by. */
export class SentMessageDto extends SendMessageDto {
  /** Names the message. It stays here: the gateway does not get it. */
  @ApiProperty({
    description: 'Your name for the message, which its delivery report brings back. Left out, it gets one.',
    required: false,
    maxLength: 128,
    example: 'order-4711',
  })
  @IsOptional()
  @IsString()
  @Length(1, 128)
  reference?: string;
}
