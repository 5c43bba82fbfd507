/** Sealing beside the work, about once a second, until stopped. Owns its timer. What goes wrong is told once and tried again: no work waits for a seal. */
import type { RecordStore } from '@vivarium/contracts';
import { messageOf, type Clock, type Milliseconds } from '@vivarium/core';
import type { Sealer } from './sealer.ts';

const EVERY_MS: Milliseconds = 1_000;

export interface Sealing {
  /** Seals what is there by now, and ends. Idempotent. */
  stop(): Promise<void>;
}

export interface SealingOptions {
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly record: Pick<RecordStore, 'act'>;
  readonly actor: string;
  readonly onFault: (message: string) => void;
}

export function keepSealing({ sealer, clock, record, actor, onFault }: SealingOptions): Sealing {
  const over = new AbortController();
  const told = new Set<string>();
  const pass = async (): Promise<void> => {
    try {
      const { cut } = await sealer.pass();
      for (const file of cut) tellCut(file);
    } catch (error) {
      const message = `the record could not be sealed: ${messageOf(error)}`;
      if (!told.has(message)) onFault(message);
      told.add(message);
    }
  };
  const tellCut = (file: string): void => {
    if (told.has(file)) return;
    told.add(file);
    const detail = `logs/${file} is shorter than what was sealed of it; orchestrator audit verify says where it was cut`;
    record.act({
      actor,
      action_type: 'SAFETY',
      action: 'WARNING',
      detail,
      event: 'record.cut',
      metadata: { file },
    });
    onFault(detail);
  };
  const loop = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await pass();
      await clock.sleep(EVERY_MS, over.signal);
    }
    await pass();
  };
  const ended = loop();
  return {
    async stop() {
      over.abort();
      await ended;
    },
  };
}
