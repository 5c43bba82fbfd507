/** The sealer of a home, as commands use it. Wiring only. */
import { sealDirectory } from '@vivarium/config';
import { messageOf } from '@vivarium/core';
import { createSealer, openKeyring, type Keyring, type Sealer } from '@vivarium/home';
import type { CommandDeps, OpenHome } from './deps.ts';

/** The user's keyring; undefined, and said, when there is no place for one: the record is sealed all the same, and its heads are not signed. */
export function keyringOf(
  home: OpenHome,
  deps: CommandDeps,
  warn: (text: string) => void,
): Keyring | undefined {
  const directory = sealDirectory(deps.env);
  if (directory === undefined) {
    warn(
      'The record is sealed but not signed: neither VIVARIUM_SEAL_DIR nor HOME says where a key may be kept.',
    );
    return undefined;
  }
  try {
    return openKeyring(directory, home.layout.root, deps.machine);
  } catch (error) {
    // Named on purpose, it is a fault; found by default, it is a home that holds the user's settings.
    if ((deps.env['VIVARIUM_SEAL_DIR'] ?? '') !== '') throw error;
    warn(`The record is sealed but not signed: ${messageOf(error)}.`);
    return undefined;
  }
}

export const sealerOf = (
  home: OpenHome,
  deps: CommandDeps,
  keyring: Keyring | undefined,
  durability: 'os' | 'fsync' = 'os',
): Sealer =>
  createSealer({ layout: home.layout, machine: deps.machine, record: home.record, keyring, durability });
