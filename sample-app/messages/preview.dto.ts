import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';

/** A text that is still being written. */
export class PreviewDto {
  /** The text so far; it may be empty. */
  @ApiProperty({ description: 'The text so far. It may be empty.', example: 'Your code is 4321' })
  @IsString()
  body!: string;
}
