/**
 * Looks at messages as they arrive: the server is another process, and a page left open may be older than it. Checks what the page's
 * bookkeeping rests on (offsets, generations, lists); the words inside rows are only ever shown as text. The schemas themselves stay on the
 * server: zod would double the page.
 */
import type {
  FeedDelta,
  FeedPosition,
  Hello,
  Overview,
  PanelReceipt,
  RangeAnswer,
  Snapshot,
} from '@vivarium/contracts';

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isOffset = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0; // isSafeInteger said that it is a number
const isText = (value: unknown): value is string => typeof value === 'string';
const isListOf = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isItem);
const isRow = (value: unknown): boolean => isFields(value) && isText(value['id']) && isText(value['status']);
const isActionRow = (value: unknown): boolean =>
  isFields(value) &&
  isOffset(value['from']) &&
  isOffset(value['to']) &&
  (value['kind'] === 'unreadable' || (value['kind'] === 'line' && isText(value['detail'])));
const isPosition = (value: unknown): value is FeedPosition =>
  isFields(value) &&
  isText(value['generation']) &&
  isText(value['queue']) &&
  isOffset(value['execution']) &&
  isOffset(value['apiAudit']) &&
  isOffset(value['action']);

// The casts below follow the checks of the very line before them.
export const parseHello = (value: unknown): Hello | undefined =>
  isFields(value) &&
  isOffset(value['protocol']) &&
  isText(value['home']) &&
  isPosition(value['position']) &&
  typeof value['resumed'] === 'boolean'
    ? (value as unknown as Hello)
    : undefined;

export const parseSnapshot = (value: unknown): Snapshot | undefined =>
  isFields(value) &&
  isPosition(value['position']) &&
  isListOf(value['tasks'], isRow) &&
  isListOf(value['actions'], isActionRow) &&
  isOffset(value['actions_from'])
    ? (value as unknown as Snapshot)
    : undefined;

export function parseDelta(value: unknown): FeedDelta | undefined {
  if (!isFields(value) || !isText(value['generation'])) return undefined;
  const isSpan = isOffset(value['from']) && isOffset(value['to']);
  switch (value['log']) {
    case 'execution':
    case 'apiAudit':
      return isSpan && isListOf(value['tasks'], isRow) ? (value as unknown as FeedDelta) : undefined;
    case 'action':
      return isSpan && isOffset(value['rows_from']) && isListOf(value['rows'], isActionRow)
        ? (value as unknown as FeedDelta)
        : undefined;
    case 'queue':
      return isText(value['from']) &&
        isText(value['to']) &&
        isListOf(value['tasks'], isRow) &&
        isListOf(value['removed'], isText)
        ? (value as unknown as FeedDelta)
        : undefined;
    default:
      return undefined;
  }
}

export const parseOverview = (value: unknown): Overview | undefined =>
  isFields(value) &&
  isPosition(value['position']) &&
  isFields(value['verdict']) &&
  isFields(value['counts']) &&
  isFields(value['control']) &&
  isFields(value['money'])
    ? (value as unknown as Overview)
    : undefined;

export function parseRangeAnswer(value: unknown): RangeAnswer | undefined {
  if (!isFields(value)) return undefined;
  if (value['kind'] === 'gone') return { kind: 'gone' };
  const delta = parseDelta(value['delta']);
  return value['kind'] === 'range' && delta !== undefined ? { kind: 'range', delta } : undefined;
}

/** Each kind there is: a new one does not compile until it is named here. */
const RECEIPTS: ReadonlySet<unknown> = new Set(
  Object.keys({
    changed: true,
    unchanged: true,
    needs_reason: true,
    needs_clear_halt: true,
    breakers_reset: true,
    refused: true,
  } satisfies Record<PanelReceipt['kind'], true>),
);

export const parseReceipt = (value: unknown): PanelReceipt | undefined =>
  isFields(value) && isText(value['at']) && RECEIPTS.has(value['kind'])
    ? (value as unknown as PanelReceipt)
    : undefined;
