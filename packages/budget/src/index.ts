export { DEFAULT_MODEL, type ModelInfo, type Price } from './price-list.ts';
export { createModels, type Models } from './models.ts';
export { costOf, inputTokenBound, TEMPLATE_TOKENS, worstCase } from './estimate.ts';
export { admit, LEAST_COMPLETION_TOKENS, type Admission, type AdmissionRequest, type Cap } from './admit.ts';
export {
  afterCall,
  CLOSED,
  reopened,
  tryCall,
  wasReset,
  windowOf,
  type CallEnd,
  type Circuit,
  type CircuitRules,
} from './circuit.ts';
export {
  began,
  ended,
  expectedWait,
  freshPace,
  MOST_UNDER_WAY,
  waitFor,
  type Begun,
  type Pace,
  type PacedEnd,
  type SaidLimits,
} from './pace.ts';
