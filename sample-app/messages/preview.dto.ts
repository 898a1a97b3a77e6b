import { ApiProperty } from '@nestjs/swagger';
import { IsArray, IsIn, IsInt, IsOptional, IsString, Min } from 'class-validator';
import { MESSAGE_CLASSES, type MessageClass } from 'nestjs-oursms';

/** A message that is still being written: anything may be missing or half done. */
export class PreviewDto {
  /** The text so far; it may be empty. */
  @ApiProperty({ description: 'The text so far. It may be empty.', example: 'Your code is 4321' })
  @IsString()
  body!: string;

  /** The sender so far. */
  @ApiProperty({ description: 'The sender so far.', required: false, example: 'MyBrand' })
  @IsOptional()
  @IsString()
  src?: string;

  /** The recipients so far; what is no number yet is not counted. */
  @ApiProperty({
    description: 'The recipients so far. What is no number yet is not counted.',
    required: false,
    type: 'array',
    items: { type: 'string' },
    example: ['0501234567'],
  })
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  dests?: string[];

  /** The class to route by. */
  @ApiProperty({ description: 'The class to route by.', required: false, enum: [...MESSAGE_CLASSES] })
  @IsOptional()
  @IsIn(MESSAGE_CLASSES)
  msgClass?: MessageClass;

  /** Minutes to hold the message. */
  @ApiProperty({
    description: 'Minutes to hold the message.',
    required: false,
    type: 'integer',
    minimum: 0,
    example: 0,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  delay?: number;
}
