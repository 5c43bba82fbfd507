export { createRecordStore, type FileRecordStore, type RecordStoreOptions } from './record-store.ts';
export { createControlStore, type ControlStoreOptions } from './control-store.ts';
export { createBudgetStore, type FileBudgetStore } from './budget-store.ts';
export { runFiles, type ClaimFileAnswer, type RunFiles } from './run-files.ts';
export { sweepHome } from './sweep.ts';
export { chooseHome, initHome, resolveHome, type ChosenHome, type HomeChoice } from './home.ts';
