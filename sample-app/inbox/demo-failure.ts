import { ConflictException, Injectable } from '@nestjs/common';
import { GatewayChoice } from '../gateway/gateway-choice.js';

/** Makes the listener fail on purpose, to show what becomes of a report then. At the simulated gateway alone. */
@Injectable()
export class DemoFailure {
  #isOn = false;

  constructor(private readonly choice: GatewayChoice) {}

  /** Whether the listener fails; undefined where it cannot be made to. */
  get isOn(): boolean | undefined {
    return this.choice.isSimulated ? this.#isOn : undefined;
  }

  /** @throws {ConflictException} with the real gateway: its reports are not for play */
  turn(isOn: boolean): void {
    if (!this.choice.isSimulated) {
      throw new ConflictException('The handler can be made to fail with the simulated gateway only.');
    }
    this.#isOn = isOn;
  }

  /** Called by the listener before it handles a report. */
  throwIfOn(): void {
    if (this.#isOn) throw new Error('the handler was told to fail');
  }
}
