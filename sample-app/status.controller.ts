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
}

/** Says which gateway is behind the application. */
@ApiTags('status')
@Controller('status')
export class StatusController {
  constructor(
    private readonly choice: GatewayChoice,
    private readonly settings: Settings,
  ) {}

  @ApiOperation({ summary: 'Which gateway is used, and the sender to begin with' })
  @ApiOkResponse({
    schema: {
      type: 'object',
      properties: {
        gateway: { type: 'string', enum: ['simulated', 'real'] },
        src: { type: 'string', example: 'MyBrand' },
      },
    },
  })
  @Get()
  status(): Status {
    const { isSimulated } = this.choice;
    return { gateway: isSimulated ? 'simulated' : 'real', src: this.settings.src ?? (isSimulated ? 'MyBrand' : '') };
  }
}
