/** What seals.jsonl has come to: how far each log is sealed. A fold of its lines. */
import { LOGS, type SealLine } from '@vivarium/contracts';

/** What is sealed, by the name in logs/. The seals seal themselves, by their chain. */
export const SEALED_FILES: readonly string[] = [
  ...Object.entries(LOGS)
    .filter(([name]) => name !== 'seals')
    .map(([, file]) => file),
  'simulator_bill.jsonl',
];

export interface SealedFile {
  readonly part: number;
  /** Bytes of the part that are sealed. */
  readonly to: number;
  /** Lines in them. */
  readonly lines: number;
}

const NOTHING: SealedFile = { part: 1, to: 0, lines: 0 };

export interface SealedState {
  apply(line: SealLine): void;
  file(name: string): SealedFile;
}

export function createSealedState(): SealedState {
  const filesSealed = new Map<string, SealedFile>();
  const file = (name: string): SealedFile => filesSealed.get(name) ?? NOTHING;
  return {
    file,
    apply(line) {
      switch (line.event) {
        case 'range.sealed': {
          const before = file(line.file);
          filesSealed.set(line.file, { part: line.part, to: line.to, lines: before.lines + line.lines });
          return;
        }
        case 'log.archived':
          filesSealed.set(line.file, { part: line.part + 1, to: 0, lines: 0 });
          return;
        case 'head.signed':
          return;
      }
    },
  };
}
