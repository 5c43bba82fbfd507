/** What the system said, in the catalogue's words: which file, why, and what a person can do. */
import { messageOf, VivariumError, type ErrorCode } from '@vivarium/core';

/** The system's name of a fault (`ENOSPC`), or undefined for anything that did not come from a system call. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export const isMissing = (error: unknown): boolean =>
  systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR';

interface Reason {
  readonly text: string;
  readonly advice: string;
  /** Whether trying again later can help without anybody touching the machine's set-up. */
  readonly passes: boolean;
}

const REASONS: Readonly<Record<string, Reason>> = {
  ENOSPC: {
    text: 'no space is left on the device',
    advice: 'Free some space; work goes on by itself.',
    passes: true,
  },
  EDQUOT: {
    text: 'the disk quota is used up',
    advice: 'Free some space or raise the quota; work goes on by itself.',
    passes: true,
  },
  EFBIG: {
    text: 'the file would be larger than allowed',
    advice: 'Raise the limit on file size, or archive the log.',
    passes: true,
  },
  EMFILE: {
    text: 'this process has too many files open',
    advice: 'Raise the limit on open files (ulimit -n).',
    passes: true,
  },
  ENFILE: {
    text: 'the system has too many files open',
    advice: 'Close other programs or raise the limit of the system.',
    passes: true,
  },
  EIO: { text: 'the device answered with an input/output error', advice: 'Check the disk.', passes: true },
  EACCES: {
    text: 'permission denied',
    advice: 'Give the user who runs this permission there.',
    passes: false,
  },
  EPERM: {
    text: 'the operation is not permitted',
    advice: 'Check permissions, file attributes and whether the file system has hard links.',
    passes: false,
  },
  EROFS: {
    text: 'the file system is read-only',
    advice: 'Use a home on a file system that can be written.',
    passes: false,
  },
  EEXIST: {
    text: 'a file stands there',
    advice: 'Move it away, or name another directory.',
    passes: false,
  },
  EISDIR: {
    text: 'a directory stands where a file should be',
    advice: 'Move the directory away.',
    passes: false,
  },
  ENOTDIR: {
    text: 'a file stands where a directory should be',
    advice: 'Move the file away.',
    passes: false,
  },
  ENOENT: {
    text: 'the directory does not exist',
    advice: 'Create it with `orchestrator init`.',
    passes: false,
  },
};

const unknownReason = (error: unknown): Reason => ({
  text: messageOf(error),
  advice: 'That is the reason the system gives; mend it and try again.',
  passes: true,
});

function describe(error: unknown): Reason {
  return REASONS[systemCode(error) ?? ''] ?? unknownReason(error);
}

/** Wraps a fault of the system. Its remedy is `retry` only where waiting helps; the rest is for a person to mend. */
export function fileFault(code: ErrorCode, what: string, path: string, cause: unknown): VivariumError {
  const reason = describe(cause);
  return new VivariumError(code, `${what} ${path}: ${reason.text}`, {
    remedy: { kind: reason.passes ? 'retry' : 'stop' },
    // The message has named path and reason; both are told together.
    hint: reason.advice,
    cause,
  });
}
