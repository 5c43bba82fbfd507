export { describeBudgetStore, type BudgetStoreUnderTest } from './describe-budget-store.ts';
export { describeControlStore, type ControlStoreUnderTest } from './describe-control-store.ts';
export { describeRecordStore, type RecordStoreUnderTest } from './describe-record-store.ts';
