import { MESSAGE_PARAMETERS } from '../dto/send-message.dto.js';
import type { WireMessage } from './call.js';

type Parameter = [name: string, value: string];
type Value = string | number | boolean | readonly string[];

/** The parameters of a message that are set, and then those beyond the document. */
export function messageParameters(message: WireMessage, extra: Readonly<Record<string, Value>> = {}): Parameter[] {
  const parameters: Parameter[] = [];
  for (const name of MESSAGE_PARAMETERS) {
    const value = message[name];
    if (value !== undefined && value !== null) parameters.push([name, onWire(value)]);
  }
  for (const [name, value] of Object.entries(extra)) parameters.push([name, onWire(value)]);
  return parameters;
}

/** Booleans are 0 and 1, a list is joined by commas. */
function onWire(value: Value): string {
  return typeof value === 'boolean' ? String(Number(value)) : String(value);
}
