export { describeTaskQueue } from './describe-task-queue.ts';
export {
  completed,
  deferred,
  failed,
  faulty,
  newTask,
  released,
  type OpenOptions,
  type QueueProcess,
  type TaskQueueWorld,
  type TaskQueueWorldFactory,
} from './task-queue-world.ts';
