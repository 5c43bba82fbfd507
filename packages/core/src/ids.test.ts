import { describe, expect, expectTypeOf, it } from 'vitest';
import { MAX_TASK_ID_LENGTH, taskId, whyNotTaskId, type TaskId, type WorkerId } from './ids.ts';

describe('task ids', () => {
  it('accepts what people write, dots, slashes and other scripts included', () => {
    for (const id of ['task-1', 'arch-1.1', '../x', 'CON', 'aufgabe-ä', 'a b'])
      expect(whyNotTaskId(id)).toBeUndefined();
  });

  it('says why an id is refused', () => {
    expect(whyNotTaskId('')).toBe('it is empty');
    expect(whyNotTaskId(' a')).toContain('blank');
    expect(whyNotTaskId('a\nb')).toContain('control character');
    expect(whyNotTaskId('x'.repeat(MAX_TASK_ID_LENGTH + 1))).toContain('121 characters');
  });

  it('does not let one kind of id stand for another', () => {
    expectTypeOf(taskId('a')).toEqualTypeOf<TaskId>();
    expectTypeOf<TaskId>().not.toExtend<WorkerId>();
  });
});
