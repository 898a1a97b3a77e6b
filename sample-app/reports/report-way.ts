import type { AddressInfo, Server } from 'node:net';
import { ConflictException, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { Dlr } from 'nestjs-oursms';
import { GatewayChoice } from '../gateway/gateway-choice.js';
import { Settings } from '../settings.js';
import { WEBHOOK_PATH } from './webhook-path.js';

/** The way that reports come: the real gateway is told in its dashboard where to push to, the simulated one here. */
@Injectable()
export class ReportWay {
  #way: Dlr['via'] = 'poll';

  constructor(
    private readonly choice: GatewayChoice,
    private readonly settings: Settings,
    private readonly host: HttpAdapterHost,
  ) {}

  /** Whether reports are polled or pushed; undefined where that cannot be switched. */
  get current(): Dlr['via'] | undefined {
    return this.choice.simulator === undefined ? undefined : this.#way;
  }

  /** Switches it for all reports to come. @throws {ConflictException} without a simulated gateway in this process */
  async turn(way: Dlr['via']): Promise<void> {
    const { simulator } = this.choice;
    if (simulator === undefined) {
      throw new ConflictException(
        'The way of the reports is switched with the simulated gateway of this process only.',
      );
    }
    await simulator.pushTo(way === 'push' ? this.#webhook() : undefined);
    this.#way = way;
  }

  /** The address of our own webhook. It ends with the secret: it is neither shown nor logged. */
  #webhook(): string {
    const server = this.host.httpAdapter.getHttpServer() as Server;
    const { port } = server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${WEBHOOK_PATH}/${this.settings.webhookSecret}`;
  }
}
