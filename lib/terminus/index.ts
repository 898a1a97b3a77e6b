export { OurSmsHealthIndicator } from './oursms.health.js';
export { OurSmsHealthOptions } from './oursms-health.options.js';
export type { HealthData, HealthReason } from './health-data.js';
