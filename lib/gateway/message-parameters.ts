import { MESSAGE_PARAMETERS } from '../dto/send-message.dto.js';
import type { WireMessage } from './call.js';
import type { ExtraParameters } from './wire-options.js';

type Parameter = [name: string, value: string | number | boolean | readonly string[]];

/** The parameters of a message that are set, followed by `extra`. */
export function messageParameters(message: WireMessage, extra: ExtraParameters = {}): Parameter[] {
  const parameters: Parameter[] = [];
  for (const name of MESSAGE_PARAMETERS) {
    const value = message[name];
    if (value !== undefined && value !== null) parameters.push([name, value]);
  }
  parameters.push(...Object.entries(extra));
  return parameters;
}
