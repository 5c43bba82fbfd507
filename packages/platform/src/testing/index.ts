export { createManualClock, type ManualClock } from '../memory/clock.ts';
export { createMemoryDisk, type MemoryDisk } from '../memory/disk.ts';
export { createMemoryMachine, type MemoryMachine, type MemoryMachineOptions } from '../memory/machine.ts';
export type { MemoryFileLock } from '../memory/file-lock.ts';
export type { FileOperation, MemoryFiles } from '../memory/files.ts';
export type { MemoryProcesses } from '../memory/processes.ts';
export { describeClock, type ClockUnderTest } from './describe-clock.ts';
export { describeFileLock, type FileLockUnderTest } from './describe-file-lock.ts';
export { describeFiles, type FilesUnderTest } from './describe-files.ts';
