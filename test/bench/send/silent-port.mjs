/** What an account without telemetry pays for its port: told how many sends, it answers the CPU of their calls, in µs a send. */
import { SILENT_TELEMETRY } from '../../../.build/telemetry/silent-telemetry.js';
import { open } from './competitors/oursms.mjs';

const RECEIPT = { kind: 'sent', receipt: {} };
/** The calls of {@link sendCalls}, as a real send must make them. */
const CALLS = 'startSend(message, 1) tryLeaves(1) end([object Object])';

function sendCalls(telemetry) {
  const span = telemetry.startSend('message', 1);
  span.tryLeaves(1);
  span.end(RECEIPT);
}

/** The calls that `OurSmsService.send` makes of its port. */
async function callsOfASend(baseUrl) {
  const calls = [];
  const watched = (port) =>
    new Proxy(
      {},
      {
        get: (_, name) => {
          if (typeof port[name] !== 'function') {
            calls.push(name);
            return port[name];
          }
          return (...args) => {
            calls.push(`${name}(${args.join(', ')})`);
            const result = port[name](...args);
            return name === 'startSend' ? watched(result) : result;
          };
        },
      },
    );
  const { send, close } = await open(baseUrl, { telemetry: { openTelemetry: () => watched(SILENT_TELEMETRY) } });
  await send();
  calls.length = 0;
  await send();
  const made = calls.join(' ');
  await close();
  return made;
}

/** Ports of other shapes: with them, the compiler can neither inline the calls of the silent one nor leave them out. */
function otherPorts() {
  return Array.from({ length: 6 }, (_, i) => {
    let calls = 0;
    const count = () => void (calls += 1);
    const span = { [`shape${i}`]: i, tryLeaves: count, end: count };
    return { [`shape${i}`]: i, startSend: () => span };
  });
}

function cpuMicros(telemetry, sends) {
  const before = process.cpuUsage();
  for (let i = 0; i < sends; i++) sendCalls(telemetry);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / sends;
}

const made = await callsOfASend(process.argv[2]);
if (made !== CALLS) throw new Error(`a send makes other calls of its telemetry: ${made}`);
const others = otherPorts();
process.on('message', ({ sends }) => {
  for (const port of others) cpuMicros(port, sends / 10);
  process.send(cpuMicros(SILENT_TELEMETRY, sends));
});
process.on('disconnect', () => process.exit());
process.send('ready');
