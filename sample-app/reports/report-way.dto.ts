import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import type { Dlr } from 'nestjs-oursms';

const WAYS: Dlr['via'][] = ['poll', 'push'];

/** The switch between the ways of a report. */
export class ReportWayDto {
  /** How reports come from now on. */
  @ApiProperty({ description: 'How reports come from now on.', enum: WAYS, example: 'push' })
  @IsIn(WAYS)
  way!: Dlr['via'];
}
