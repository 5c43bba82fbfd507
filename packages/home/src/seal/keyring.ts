/**
 * What is kept outside the home, so that the record cannot vouch for itself: the key that signs heads, and the newest head of each home. Owns one
 * directory of the user.
 *
 * It protects against whoever can change the home and not this directory: a copied disk or backup, a shared folder, a tool let loose on the wrong
 * path. It does not protect against a process of the same user on the same machine, which can read the key: there only a head that was taken
 * elsewhere helps (`audit heads`).
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { headText, SealHead } from '@vivarium/contracts';
import { VivariumError, type Machine } from '@vivarium/core';
import { parseJson } from '../salvage.ts';

export interface Signature {
  readonly public_key: string;
  readonly signature: string;
}

export interface Keyring {
  /** The key is made when there is none. Throws `home_unwritable` when it cannot be. */
  sign(home: string, hash: string): Promise<Signature>;
  /** Of the key here, in base64 (SPKI, DER); undefined when there is none. */
  publicKey(): string | undefined;
  /** The newest head of that home that was signed here. */
  heldHead(home: string): SealHead | undefined;
  hold(head: SealHead): void;
}

const LOCK_WAIT_MS = 15_000;

/** `directory` is outside of `root`: throws `config_invalid` when it is not. */
export function openKeyring(
  directory: string,
  root: string,
  { files, fileLock }: Pick<Machine, 'files' | 'fileLock'>,
): Keyring {
  const real = files.realPath(directory) ?? directory;
  if (real === root || real.startsWith(`${root}/`))
    throw new VivariumError('config_invalid', `VIVARIUM_SEAL_DIR ${directory} is inside the home ${root}`, {
      remedy: { kind: 'stop' },
      hint: 'Name a directory outside of it: who can change the record must not be able to sign it.',
    });
  const keyPath = `${directory}/seal.key`;
  const headPath = (home: string): string => `${directory}/heads/${home}.json`;
  let key: KeyObject | undefined;

  const read = (): KeyObject | undefined => {
    const pem = key === undefined ? files.readText(keyPath) : undefined;
    if (pem !== undefined) key = privateKey(pem, keyPath);
    return key;
  };
  const make = async (): Promise<KeyObject> => {
    files.makeDirectory(directory, 'private');
    // Two processes may begin at once: one key is made, and both use it.
    return fileLock.withLock(keyPath, LOCK_WAIT_MS, (assertHeld) => {
      const there = read();
      if (there !== undefined) return there;
      const { privateKey: made } = generateKeyPairSync('ed25519');
      assertHeld();
      files.replace(keyPath, made.export({ type: 'pkcs8', format: 'pem' }).toString(), 'private');
      return (key = made);
    });
  };

  return {
    async sign(home, hash) {
      const signer = read() ?? (await make());
      return {
        public_key: publicText(signer),
        signature: sign(null, Buffer.from(headText(home, hash)), signer).toString('base64'),
      };
    },
    publicKey() {
      const there = read();
      return there && publicText(there);
    },
    heldHead: (home) => SealHead.safeParse(parseJson(files.readText(headPath(home)) ?? '')).data,
    hold(head) {
      files.makeDirectory(`${directory}/heads`, 'private');
      files.replace(headPath(head.home), `${JSON.stringify(head, null, 2)}\n`, 'private');
    },
  };
}

/** Whether the key named signed this hash for this home. */
export function isSigned(home: string, hash: string, { public_key, signature }: Signature): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(public_key, 'base64'), format: 'der', type: 'spki' });
    return verify(null, Buffer.from(headText(home, hash)), key, Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

const publicText = (key: KeyObject): string =>
  createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');

function privateKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new VivariumError('config_invalid', `${path} holds no key`, {
      remedy: { kind: 'stop' },
      hint: 'Bring it back from a copy, or move it away: a new one is made, and heads signed before are told as of another key.',
      cause,
    });
  }
}
