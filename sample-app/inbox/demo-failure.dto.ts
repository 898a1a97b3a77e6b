import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';

/** The switch that makes the listener fail. */
export class DemoFailureDto {
  /** Whether it fails from now on. */
  @ApiProperty({ description: 'Whether the listener fails from now on.', example: true })
  @IsBoolean()
  failing!: boolean;
}
