import { expect, it } from 'vitest';
import { mapFinishReason } from './finish-reason.ts';

it('keeps the words of the port and calls everything else other', () => {
  expect(
    ['stop', 'length', 'content_filter', 'tool_calls', 'function_call', 'bored', null, undefined].map(
      mapFinishReason,
    ),
  ).toEqual(['stop', 'length', 'content_filter', 'tool_calls', 'tool_calls', 'other', 'other', 'other']);
});
