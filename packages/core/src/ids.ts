/**
 * Branded identifiers. A brand costs nothing at run time and keeps a worker's id from standing where a task's is meant.
 * The text of an id is data from outside: `parseTaskId` is the only way in for ids people choose.
 */
declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

export type TaskId = Branded<string, 'TaskId'>;
export type WorkerId = Branded<string, 'WorkerId'>;
export type RunId = Branded<string, 'RunId'>;
export type HomeId = Branded<string, 'HomeId'>;
export type EventId = Branded<string, 'EventId'>;
export type CallId = Branded<string, 'CallId'>;

/** Longest task id accepted. Lock files carry an encoded form of it, and a file name holds 255 bytes. */
export const MAX_TASK_ID_LENGTH = 120;

/** Answers why `text` cannot be a task id, or undefined when it can. */
export function whyNotTaskId(text: string): string | undefined {
  if (text.length === 0) return 'it is empty';
  if (text.length > MAX_TASK_ID_LENGTH)
    return `it has ${text.length} characters, ${MAX_TASK_ID_LENGTH} are allowed`;
  if (text.trim() !== text) return 'it begins or ends with a blank';
  // oxlint-disable-next-line no-control-regex -- control characters are what this line refuses
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'it contains a control character';
  return undefined;
}

/** Brands text that has been checked elsewhere (a schema, our own record). Costs nothing and checks nothing. */
export const taskId = (text: string): TaskId => text as TaskId;
export const workerId = (text: string): WorkerId => text as WorkerId;
export const runId = (text: string): RunId => text as RunId;
export const homeId = (text: string): HomeId => text as HomeId;
export const eventId = (text: string): EventId => text as EventId;
export const callId = (text: string): CallId => text as CallId;
