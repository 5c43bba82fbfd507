export { createRecordStore, type FileRecordStore, type RecordStoreOptions } from './record-store.ts';
export { actionLine } from './action-line.ts';
export { createControlStore, type ControlStoreOptions } from './control-store.ts';
export { createBudgetStore, type AlsoTold, type FileBudgetStore } from './budget-store.ts';
export { runFiles, type ClaimFileAnswer, type RunFiles } from './run-files.ts';
export { sweepHome } from './sweep.ts';
export { chooseHome, initHome, resolveHome, type ChosenHome, type HomeChoice } from './home.ts';
export { openKeyring, type Keyring } from './seal/keyring.ts';
export { createSealer, signedHead, type Sealer, type SealPass } from './seal/sealer.ts';
export {
  createVerifier,
  faultText,
  type RecordFault,
  type Verified,
  type Verifier,
} from './seal/verifier.ts';
export { keepSealing, type Sealing } from './seal/keep-sealing.ts';
export { createStrangers, type Stranger } from './strangers.ts';
export { accessFaults } from './access.ts';
export { readModelsFile } from './models-file.ts';
export { createTokenStore, type TokenStore } from './tokens.ts';
