/**
 * The tokens of a home. Owns `tokens.json`, readable by its owner alone; every question reads it anew, so a token that was revoked is none at the next request.
 * Talks to the ports `Files`, `FileLock`, `Clock`, `IdSource` and to the record.
 *
 * - S2: that a token was given is in the record before it works. Taking one away comes the other way round: a full disk must not keep anybody from it.
 * - S6: the token itself is answered once, to whoever made it, and stands nowhere.
 * - A file that cannot be read is told, and no token works (fail closed).
 */
import {
  homeIdOf,
  isToken,
  sha256,
  TOKEN_MARK,
  TokensFile,
  whyNotTokenName,
  type HomeLayout,
  type RecordStore,
  type TokenEntry,
} from '@vivarium/contracts';
import { formatUsd, nanoUsd, timestamp, VivariumError, type Machine, type NanoUsd } from '@vivarium/core';
import { actionLine } from './action-line.ts';
import { parseJson } from './salvage.ts';

export interface NewToken {
  readonly name: string;
  readonly budget: NanoUsd;
  readonly requestsPerMinute: number;
}

export interface TokenStore {
  /** In the order in which they were made, revoked ones included. Throws `config_invalid` when the file is not what its schema says. */
  list(): readonly TokenEntry[];
  /** The entry of this token; undefined when there is none, or it was revoked. Throws as `list`. */
  find(token: string): TokenEntry | undefined;
  /** Answers the token, which cannot be had again. Throws `usage` for a name that cannot be given, `record_unwritable`. */
  create(token: NewToken, actor: string): Promise<string>;
  /** What its holder may spend in all, from now on. Throws `usage` when nobody has that name, or it was revoked; `record_unwritable`. */
  setBudget(name: string, budget: NanoUsd, actor: string): Promise<void>;
  /** Throws `usage` when nobody has that name. Answers false when it was revoked before. */
  revoke(name: string, reason: string, actor: string): Promise<boolean>;
}

const TOKEN_BYTES = 32;
const LOCK_WAIT_MS = 15_000;

export interface TokenStoreOptions {
  readonly layout: HomeLayout;
  readonly machine: Pick<Machine, 'files' | 'fileLock' | 'clock' | 'ids'>;
  readonly record: Pick<RecordStore, 'act' | 'append'>;
}

export function createTokenStore({ layout, machine, record }: TokenStoreOptions): TokenStore {
  const { files, fileLock, clock, ids } = machine;

  const list = (): readonly TokenEntry[] => {
    const text = files.readText(layout.tokens);
    if (text === undefined) return [];
    const parsed = TokensFile.safeParse(parseJson(text));
    if (parsed.success) return parsed.data.tokens;
    throw new VivariumError('config_invalid', `${layout.tokens} cannot be read, so no token works`, {
      remedy: { kind: 'stop' },
      hint: 'Bring it back from a copy; or move it away and make new tokens, under other names.',
    });
  };
  const write = (tokens: readonly TokenEntry[]): void =>
    files.replace(layout.tokens, `${JSON.stringify({ tokens }, null, 2)}\n`, 'private');
  const change = async <T>(work: (tokens: readonly TokenEntry[], assertHeld: () => void) => T): Promise<T> =>
    fileLock.withLock(layout.tokens, LOCK_WAIT_MS, (assertHeld) => work(list(), assertHeld));

  return {
    list,
    find(token) {
      if (!isToken(token)) return undefined;
      const hash = sha256(token);
      return list().find(({ sha256: known, revoked_at }) => known === hash && revoked_at === undefined);
    },
    create: async ({ name, budget, requestsPerMinute }, actor) =>
      change((tokens, assertHeld) => {
        const why = whyNotTokenName(name);
        if (why !== undefined) throw notGiven(name, why, 'Choose another name.');
        if (tokens.some((each) => each.name === name))
          throw notGiven(
            name,
            'that name was given before, and what it has spent stands in the record under it',
            'Choose another name; orchestrator token list says which there are.',
          );
        const token = `${TOKEN_MARK}${ids.hex(TOKEN_BYTES)}`;
        const entry: TokenEntry = {
          name,
          role: 'lan',
          sha256: sha256(token),
          budget_nano_usd: budget,
          requests_per_minute: requestsPerMinute,
          created_at: timestamp(clock),
        };
        assertHeld();
        record.append(
          'action',
          actionLine(
            {
              actor,
              action_type: 'SAFETY',
              action: 'TOKEN_CREATED',
              detail: `token of ${name}`,
              event: 'token.created',
              metadata: {
                name,
                role: entry.role,
                budget_nano_usd: budget,
                requests_per_minute: requestsPerMinute,
              },
            },
            homeIdOf(layout.root),
            clock,
            ids,
          ),
        );
        write([...tokens, entry]);
        return token;
      }),
    setBudget: async (name, budget, actor) =>
      change((tokens, assertHeld) => {
        const entry = named(tokens, name);
        if (entry.revoked_at !== undefined)
          throw new VivariumError('usage', `the token of ${JSON.stringify(name)} was revoked`, {
            remedy: { kind: 'stop' },
            hint: 'Make another: orchestrator token create.',
          });
        assertHeld();
        const before = entry.budget_nano_usd;
        record.append(
          'action',
          actionLine(
            {
              actor,
              action_type: 'BUDGET',
              action: 'CAP_SET',
              detail: `principal ${name}: ${formatUsd(nanoUsd(before))} → ${formatUsd(budget)}`,
              event: 'budget.set',
              metadata: { scope: 'principal', name, before_nano_usd: before, cap_nano_usd: budget },
            },
            homeIdOf(layout.root),
            clock,
            ids,
          ),
        );
        write(tokens.map((each) => (each === entry ? { ...entry, budget_nano_usd: budget } : each)));
      }),
    revoke: async (name, reason, actor) =>
      change((tokens, assertHeld) => {
        const entry = named(tokens, name);
        if (entry.revoked_at !== undefined) return false;
        assertHeld();
        const revoked = { ...entry, revoked_at: timestamp(clock), revoke_reason: reason };
        write(tokens.map((each) => (each === entry ? revoked : each)));
        record.act({
          actor,
          action_type: 'SAFETY',
          action: 'TOKEN_REVOKED',
          detail: `token of ${name}: ${reason}`,
          event: 'token.revoked',
          metadata: { name, reason },
        });
        return true;
      }),
  };
}

function named(tokens: readonly TokenEntry[], name: string): TokenEntry {
  const entry = tokens.find((each) => each.name === name);
  if (entry !== undefined) return entry;
  throw new VivariumError('usage', `no token has the name ${JSON.stringify(name)}`, {
    remedy: { kind: 'stop' },
    hint: 'orchestrator token list says which there are.',
  });
}

const notGiven = (name: string, why: string, hint: string): VivariumError =>
  new VivariumError('usage', `no token was made for ${JSON.stringify(name)}: ${why}`, {
    remedy: { kind: 'stop' },
    hint,
  });
