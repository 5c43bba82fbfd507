import type { Completion } from '@vivarium/contracts';

/** Groq's word for why it stopped → the closed set of the port. `function_call` is the older name of `tool_calls`. */
export function mapFinishReason(reason: string | null | undefined): Completion['finishReason'] {
  switch (reason) {
    case 'stop':
    case 'length':
    case 'content_filter':
    case 'tool_calls':
      return reason;
    case 'function_call':
      return 'tool_calls';
    default:
      return 'other';
  }
}
