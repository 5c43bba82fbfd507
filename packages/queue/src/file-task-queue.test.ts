import { describeTaskQueue } from './testing/describe-task-queue.ts';
import { createFileWorld } from './testing/file-world.ts';

describeTaskQueue('the file engine', createFileWorld);
