import type { GatewaySimulatorOptions } from 'nestjs-oursms/testing';

/** Milliseconds from a send to its first report: long enough to see the one, then the other. */
const FIRST_REPORT_MS = 800;
/** Milliseconds from one report to the next of the same request: those of 500 recipients come within 20 seconds. */
const NEXT_REPORT_MS = 40;

/** What becomes of messages at the simulated gateway: the last two digits of a number say it, so that each fate can be tried. */
export const SIMULATED_FATES: Pick<GatewaySimulatorOptions, 'unroutable' | 'statusOf' | 'deliverAfterMs'> = {
  unroutable: (dest) => dest.endsWith('99'),
  statusOf: (dest) => {
    if (dest.endsWith('00')) return 'undelivered';
    // No final report: the message is missing after a while.
    return dest.endsWith('88') ? 'sent' : 'delivered';
  },
  deliverAfterMs: (_dest, index) => FIRST_REPORT_MS + index * NEXT_REPORT_MS,
};
