import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

// Loaded before everything else: this process starts later than it does, by a clock that was set meanwhile, and on a machine
// that may have been started again. Each is a parameter of its address.
const parameters = new URL(import.meta.url).searchParams;
const [passedMs, setByMs] = ['passedMs', 'setByMs'].map((name) => Number(parameters.get(name)));
const boot = parameters.get('boot');

const RealDate = Date;
const now = () => RealDate.now() + passedMs + setByMs;
globalThis.Date = class extends RealDate {
  constructor(...parts) {
    super(...(parts.length === 0 ? [now()] : parts));
  }

  static now() {
    return now();
  }
};
const uptime = os.uptime.bind(os);
os.uptime = () => (boot ? 0 : uptime()) + passedMs / 1_000;
const readFileSync = fs.readFileSync.bind(fs);
fs.readFileSync = (path, ...more) =>
  boot && path === '/proc/sys/kernel/random/boot_id' ? `${boot}\n` : readFileSync(path, ...more);
syncBuiltinESMExports();
