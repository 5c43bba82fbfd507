export { loadQueueFile } from './queue-file.ts';
export { planAdd } from './plan/add.ts';
export { checkGraph, explainFault, type GraphFault } from './plan/graph.ts';
export { createWantedTasks, type WantedTasks, type WantedTasksReader } from './wanted-tasks.ts';
export { createFileTaskQueue, type FileTaskQueueOptions } from './file-task-queue.ts';
export {
  createMemoryHome,
  createMemoryTaskQueue,
  type MemoryHome,
  type MemoryTaskQueueOptions,
} from './memory-task-queue.ts';
