import { OurSmsConfigError, OurSmsStorageError } from 'nestjs-oursms';
import { SettingsError } from './settings.js';

/** Why the application did not start: a sentence for what a person can put right, the stack for anything else. */
export function explainStartFault(error: unknown): string {
  if (error instanceof SettingsError || error instanceof OurSmsConfigError) return error.message;
  if (error instanceof OurSmsStorageError) return explainStorageFault(error);
  const { code, port, path, stack } = Object(error) as { code?: string; port?: number; path?: string; stack?: string };
  if (code === 'EADDRINUSE') {
    return `Port ${port} is in use: end what listens there, or choose another port, as in PORT=3001 npm start.`;
  }
  if (code === 'EACCES' && port !== undefined) {
    return `Port ${port} may not be used by this user: choose one above 1023 with PORT.`;
  }
  if (code !== undefined && path !== undefined) {
    return `${path} cannot be used (${code}): put it right, or choose another directory with OURSMS_STORAGE.`;
  }
  return stack ?? String(error);
}

function explainStorageFault({ fault, message, path }: OurSmsStorageError): string {
  if (fault === 'locked') {
    return `The directory ${path} is in use by another process, perhaps by this application in another terminal: end that one, or choose another directory and port, as in OURSMS_STORAGE=.oursms-2 PORT=3001 npm start.`;
  }
  return `${message} Another directory is chosen with OURSMS_STORAGE.`;
}
