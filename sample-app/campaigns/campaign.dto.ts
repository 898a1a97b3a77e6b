import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmptyObject,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Min,
  ValidateNested,
} from 'class-validator';

/** What all recipients get. The module checks it as it checks every message. */
export class CampaignMessageDto {
  /** The sender that the receiver sees. */
  @ApiProperty({ description: 'The sender that the receiver sees.', example: 'MyBrand' })
  @IsString()
  src!: string;

  /** The text; `{name}` is replaced by the recipient's field of that name. */
  @ApiProperty({
    description: "The text. {name} is replaced by the recipient's field of that name; {{ and }} are braces.",
    example: 'Dear {name}, your order is ready.',
  })
  @IsString()
  body!: string;

  /** Whether delivery reports are wanted. */
  @ApiProperty({ description: 'Whether delivery reports are wanted.', required: false, example: false })
  @IsOptional()
  @IsBoolean()
  dlr?: boolean;
}

/** A list and a text that are to be looked at. */
export class CheckCampaignDto {
  /** The id of an uploaded list. */
  @ApiProperty({ description: 'The id that the upload of the list was answered with.', format: 'uuid' })
  @IsUUID()
  list!: string;

  /** What its recipients would get. */
  @ApiProperty()
  @IsNotEmptyObject()
  @ValidateNested()
  @Type(() => CampaignMessageDto)
  message!: CampaignMessageDto;
}

/** A campaign that is to be started. */
export class StartCampaignDto extends CheckCampaignDto {
  /** Names the campaign. */
  @ApiProperty({ description: 'Names the campaign: starting it again does nothing.', example: 'eid-2026' })
  @IsString()
  // A browser takes them for folders in an address.
  @Matches(/^(?!\.{1,2}$)/, { message: 'id must not be . or .., which cannot stand in an address' })
  id!: string;

  /** Requests a second. */
  @ApiProperty({
    description: 'Requests a second at the most, of up to 500 recipients each.',
    required: false,
    type: 'integer',
    minimum: 1,
    example: 20,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  rate?: number;
}

/** What became of the recipients of which nobody knows. */
export class ResolveUnknownDto {
  /** Found out, or decided, by a person. */
  @ApiProperty({
    description: 'sent: they count as sent. sendAgain: they are sent to again, and may get it twice.',
    enum: ['sent', 'sendAgain'],
  })
  @IsIn(['sent', 'sendAgain'])
  fate!: 'sent' | 'sendAgain';
}
