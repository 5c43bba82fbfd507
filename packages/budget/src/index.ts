export { DEFAULT_MODEL, modelInfo, priceList, whitelist, type ModelInfo, type Price } from './price-list.ts';
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
