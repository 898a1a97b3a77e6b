import { WholeNumberFromText } from './coerce.js';
import { IsWholeNumber } from './field-rules.js';
import { wholeNumber, type OpenApiFields } from './openapi-fields.js';
import { IsOptional } from './validation-rules.js';

/** Maximum number of reports of a download. @see OurSMS HTTP API, "2. Download Dlrs": `count` */
export const MAX_DLR_COUNT = 500;

/** How many reports to download. @see OurSMS HTTP API, "2. Download Dlrs" */
export class DownloadDlrsDto {
  /** 1 to 500. The gateway's default is 100. */
  @IsOptional()
  @WholeNumberFromText()
  @IsWholeNumber(1, MAX_DLR_COUNT)
  count?: number;

  /** Schema of the field for @nestjs/swagger, inherited by derived and mapped classes. Its own CLI plugin writes the same. @internal */
  static _OPENAPI_METADATA_FACTORY(): OpenApiFields {
    const description = 'The most reports to download.';
    return { count: wholeNumber({ description, minimum: 1, maximum: MAX_DLR_COUNT, default: 100 }) };
  }
}
