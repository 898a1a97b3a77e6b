import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OurSmsService, type Credits } from 'nestjs-oursms';

/** What is left in the account. */
@ApiTags('credits')
@Controller('credits')
export class CreditsController {
  constructor(private readonly oursms: OurSmsService) {}

  @ApiOperation({ summary: 'The remaining credits' })
  @ApiOkResponse({
    schema: { type: 'object', properties: { credits: { type: 'number', example: 1000 } } },
  })
  @Get()
  async credits(): Promise<Pick<Credits, 'credits'>> {
    // Not the raw answer: a gateway may repeat the request in it, with its password.
    const { credits } = await this.oursms.getCredits();
    return { credits };
  }
}
