export { OurSmsTesting, type SentMessage } from './oursms-testing.js';
export { OurSmsTestingModule, type OurSmsTestingModuleOptions } from './oursms-testing.module.js';
export type { TestFailure } from './testing-transport.js';
export { GatewaySimulator, type GatewaySimulatorOptions } from './simulator/gateway-simulator.js';
export { SimulatorClock } from './simulator/simulator-clock.js';
export { SimulatorEngine } from './simulator/simulator-engine.js';
export type { ReportEnvelope, SimulatorAccount, SimulatorEngineOptions } from './simulator/simulator.options.js';
export type { FaultKind, FaultParameters } from './simulator/fault-kinds.js';
export type { PushFaultKind, PushFaultParameters, PushFaultPlan } from './simulator/push-faults.js';
export type { SimulatorWebhook, WebhookTarget } from './simulator/webhook.options.js';
export type { FaultPlan, FaultTarget } from './simulator/fault-plan.js';
export type {
  MessageRecord,
  MessageState,
  PushRecord,
  ReportStatus,
  RequestRecord,
  SentStatus,
  SimulatorApi,
  SimulatorCall,
  SimulatorReport,
  SimulatorRequest,
  SimulatorResponse,
  SimulatorTotals,
} from './simulator/simulator.records.js';
