export { assess, type GateFacts, type GateRequest } from './assess.ts';
