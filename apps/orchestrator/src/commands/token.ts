/** `token create|list|revoke`: who may use grind from elsewhere, and within what. What each has spent is derived from the record. */
import { committed, type MoneyFold, type TokenEntry } from '@vivarium/contracts';
import { formatUsd, nanoUsd, subtractUsd, usdToNano, VivariumError } from '@vivarium/core';
import { createTokenStore, type TokenStore } from '@vivarium/home';
import { openHome, type CommandDeps, type ExitCode, type OpenHome } from '../deps.ts';
import { createMoneyReader } from '../report/money.ts';
import { printable } from '../terminal.ts';

const ACTOR = 'operator';

interface Input {
  readonly home: string | undefined;
  readonly json: boolean;
}

const storeOf = (home: OpenHome, deps: CommandDeps): TokenStore =>
  createTokenStore({ layout: home.layout, machine: deps.machine, record: home.record });

export async function createToken(
  input: Input & { readonly name: string; readonly budget: number; readonly rate: number },
  deps: CommandDeps,
): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'prepare');
  const budget = usdToNano(input.budget);
  const token = await storeOf(home, deps).create(
    { name: input.name, budget, requestsPerMinute: input.rate },
    ACTOR,
  );
  if (input.json) {
    const { name, rate } = input;
    terminal.line(JSON.stringify({ name, token, budget_nano_usd: budget, requests_per_minute: rate }));
    return 0;
  }
  terminal.line(token);
  terminal.complain(
    `The token of ${input.name}: at most ${formatUsd(budget)} in all, ${input.rate} requests a minute. It is shown this once; only its hash is kept.`,
  );
  terminal.complain('Send it as `authorization: Bearer …`; `token revoke` takes it back at once.');
  return 0;
}

export async function listTokens(input: Input, deps: CommandDeps): Promise<ExitCode> {
  const { terminal } = deps;
  const home = openHome(input.home, deps, 'look');
  const reader = createMoneyReader(home.record);
  reader.refresh();
  const tokens = storeOf(home, deps)
    .list()
    .map((entry) => reportOf(entry, reader.money));
  if (input.json) terminal.line(JSON.stringify({ tokens }));
  else if (tokens.length === 0)
    terminal.line('There are no tokens: orchestrator token create <name> --budget <usd>');
  for (const token of input.json ? [] : tokens) terminal.line(lineOf(token, terminal.colours.dim));
  return 0;
}

export async function revokeToken(
  input: Input & { readonly name: string; readonly reason: string },
  deps: CommandDeps,
): Promise<ExitCode> {
  const { terminal } = deps;
  if (input.reason.trim() === '')
    throw new VivariumError('usage', '--reason is empty: the record keeps why a token was revoked', {
      remedy: { kind: 'stop' },
    });
  const home = openHome(input.home, deps, 'prepare');
  const revoked = await storeOf(home, deps).revoke(input.name, input.reason, ACTOR);
  if (input.json) terminal.line(JSON.stringify({ name: input.name, revoked }));
  else
    terminal.line(
      revoked
        ? `Revoked: no request with the token of ${input.name} is answered any more. Calls it began are finished and paid.`
        : `The token of ${input.name} was revoked before.`,
    );
  return 0;
}

type TokenReport = ReturnType<typeof reportOf>;

/** The two books apart, as ever (M5); the budget is for each. */
function reportOf(entry: TokenEntry, money: MoneyFold) {
  const { name, role, budget_nano_usd, requests_per_minute, created_at, revoked_at, revoke_reason } = entry;
  const bookOf = (simulated: boolean) => {
    const spent = committed(money.book(simulated).of('principal', name));
    const left = Math.max(0, subtractUsd(nanoUsd(budget_nano_usd), spent));
    return { spent_nano_usd: spent, left_nano_usd: nanoUsd(left) };
  };
  return {
    name,
    role,
    budget_nano_usd,
    requests_per_minute,
    created_at,
    revoked_at: revoked_at ?? null,
    revoke_reason: revoke_reason ?? null,
    real: bookOf(false),
    simulated: bookOf(true),
  };
}

function lineOf(token: TokenReport, dim: (text: string) => string): string {
  const { name, budget_nano_usd, requests_per_minute, real, simulated, revoked_at, revoke_reason } = token;
  const play = simulated.spent_nano_usd === 0 ? '' : `, simulated ${formatUsd(simulated.spent_nano_usd)}`;
  const money = `${formatUsd(real.spent_nano_usd)} of ${formatUsd(nanoUsd(budget_nano_usd))}${play}`;
  const line = `${name}  ${money}  ${requests_per_minute} requests a minute`;
  return revoked_at === null
    ? line
    : dim(`${line}  revoked ${revoked_at}: ${printable(revoke_reason ?? 'no reason')}`);
}
