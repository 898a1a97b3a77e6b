export { bullMqEngine, type BullMqEngineOptions } from './bull-mq-engine.options.js';
