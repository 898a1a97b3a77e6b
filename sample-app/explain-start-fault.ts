import { OurSmsConfigError } from 'nestjs-oursms';
import { SettingsError } from './settings.js';

/** Why the application did not start: a sentence for what a person can put right, the stack for anything else. */
export function explainStartFault(error: unknown): string {
  if (error instanceof SettingsError || error instanceof OurSmsConfigError) return error.message;
  const { code, port, stack } = Object(error) as { code?: string; port?: number; stack?: string };
  if (code === 'EADDRINUSE') {
    return `Port ${port} is in use: end what listens there, or choose another port, as in PORT=3001 npm start.`;
  }
  if (code === 'EACCES') return `Port ${port} may not be used by this user: choose one above 1023 with PORT.`;
  return stack ?? String(error);
}
