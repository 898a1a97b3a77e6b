import type { OurSmsQuietHoursOptions } from 'nestjs-oursms';

/** When the sample warns of promotional messages. Sources differ; 09:00 to 21:00 is allowed by nearly all of them. */
export const QUIET_HOURS: OurSmsQuietHoursOptions = { from: '21:00', to: '09:00', action: 'warn' };
