import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { GatewayChoice } from './gateway/gateway-choice.js';
import { Settings } from './settings.js';

/** What the page needs to know before anything is sent. */
export interface Status {
  /** Whether messages reach phones, and cost money. */
  gateway: 'simulated' | 'real';
  /** The sender to begin with. */
  src: string;
  /** Where delivery reports are kept. */
  storage: string;
}

/** Says which gateway is behind the application. */
@ApiTags('status')
@Controller('status')
export class StatusController {
  constructor(
    private readonly choice: GatewayChoice,
    private readonly settings: Settings,
  ) {}

  @ApiOperation({ summary: 'Which gateway is used, the sender to begin with, and where reports are kept' })
  @ApiOkResponse({
    schema: {
      type: 'object',
      properties: {
        gateway: { type: 'string', enum: ['simulated', 'real'] },
        src: { type: 'string', example: 'MyBrand' },
        storage: {
          type: 'string',
          description: 'Where delivery reports are kept: a directory, or Redis',
          example: '.oursms/simulated',
        },
      },
    },
  })
  @Get()
  status(): Status {
    const { isSimulated, storage } = this.choice;
    const src = this.settings.src ?? (isSimulated ? 'MyBrand' : '');
    return { gateway: isSimulated ? 'simulated' : 'real', src, storage };
  }
}
