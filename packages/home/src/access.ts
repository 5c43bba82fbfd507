/** Who else on this machine could read the key or change the home, by the permissions of its files (S6). Facts only; whoever starts something tells them. */
import type { HomeLayout } from '@vivarium/contracts';
import type { Files } from '@vivarium/core';

export interface AccessFault {
  readonly message: string;
  readonly hint: string;
}

const OTHERS_READ = 0o044;
const OTHERS_WRITE = 0o022;

/** Empty where the system knows no permissions, and where they are as they should be. */
export function accessFaults(layout: HomeLayout, files: Files): readonly AccessFault[] {
  const faults: AccessFault[] = [];
  const mode = (path: string): number => files.stat(path)?.mode ?? 0;
  for (const [path, what] of [
    [layout.env, 'may hold your key'],
    [layout.tokens, 'says who may spend your money'],
  ] as const)
    if ((mode(path) & OTHERS_READ) !== 0)
      faults.push({
        message: `${path} can be read by other users of this machine, and ${what}`,
        hint: `chmod 600 ${path}`,
      });
  for (const path of [layout.root, layout.logs, layout.control, layout.queue, layout.tokens])
    if ((mode(path) & OTHERS_WRITE) !== 0)
      faults.push({
        message: `${path} can be changed by other users of this machine: they could add work, give orders, or edit the record`,
        hint: `chmod go-w ${path}`,
      });
  return faults;
}
