import { watch } from 'node:fs';

/** Watching is a courtesy (the caller polls as well): where it cannot be had, or breaks later, nothing is reported and nothing fails. */
export function watchDirectory(directory: string, onChange: (name: string | undefined) => void): () => void {
  try {
    const watcher = watch(directory, { persistent: false }, (_event, name) => onChange(name ?? undefined));
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
}
