export { bullMqEngine } from './bull-mq-engine-source.js';
export type { BullMqEngineOptions } from './bull-mq-engine.options.js';
