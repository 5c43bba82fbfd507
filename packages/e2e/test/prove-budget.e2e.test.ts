/**
 * The proof of the budget, short; and that it finds out a grind that is wrong. Five of them are made from the built program, each by one change that is asserted to be there,
 * and each must be found out for what it does.
 */
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { proveBudget, type BudgetProof } from '../chaos/budget-proof.ts';
import { canLook } from '../chaos/processes.ts';
import { grindMain } from './grind-process.ts';

if (!canLook()) process.stderr.write('\nThe budget is NOT proved here: this system has no /proc.\n\n');

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

type Change = readonly [from: string, to: string];
/** The built grind with these changes, in a place of its own. */
function wrongGrind(changes: readonly Change[]): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'vivarium-wrong-')));
  directories.push(root);
  let text = readFileSync(grindMain, 'utf8');
  for (const [from, to] of changes) {
    expect(text.split(from), `the built grind has once: ${from}`).toHaveLength(2);
    text = text.replace(from, () => to);
  }
  const main = join(root, 'apps/grind/bundle/main.js');
  cpSync(dirname(grindMain), join(root, 'apps/grind/bundle'), { recursive: true });
  writeFileSync(main, text);
  writeFileSync(join(root, 'apps/grind/package.json'), readFileSync(join(grindMain, '../../package.json')));
  return main;
}

const prove = (
  minutes: number,
  seed: string,
  more: { readonly grindMain?: string; readonly twoGrinds?: boolean } = {},
): Promise<BudgetProof> =>
  proveBudget({
    minutes,
    seed,
    signal: new AbortController().signal,
    say: () => undefined,
    ...more,
  });
const said = ({ violations }: BudgetProof): string =>
  violations.map(({ promise, what }) => `${promise}: ${what}`).join('\n');

/** What it does wrong may want a kill at the right moment: some short runs, each with dice of its own. */
async function isFoundOut(expected: RegExp, more: Parameters<typeof prove>[2]): Promise<void> {
  let found = '';
  for (const seed of ['short', 'harbour', 'river']) {
    found = said(await prove(0.12, seed, more));
    if (expected.test(found)) return;
  }
  expect(found).toMatch(expected);
}

const HOLD =
  'await budget.commit(lines.held(order, call), (fold) => {\n\t\t\t\theldNow();\n\t\t\t\tfold();\n\t\t\t});';
const ASKED = 'const outcome = await within(asked, timeLeft(order));';

describe.skipIf(!canLook())('the proof of the budget', () => {
  it('M1, M2, M3: holds under 64 slots, faults, kills, and every kind of cap that is met', async () => {
    const proof = await prove(0.3, 'short');
    expect(said(proof)).toBe('');
    expect(proof.kills['grind']).toBeGreaterThan(0);
    expect(proof.money.calls.settled).toBeGreaterThan(100);
    expect(Object.values(proof.capsMet).every((times) => times > 0)).toBe(true);
  }, 180_000);

  it.each<[string, readonly Change[], RegExp]>([
    ['holds only after the call', [[HOLD, 'heldNow();'], [ASKED, `${ASKED} note(order, lines.held(order, call));`]], /M1: (run|principal|day) .* commits \d+ of \d+/],
    ['does not clamp the hold to what is left', [['completion = Math.min(completion, affordable);', '']], /M1: (task|run|principal|day) .* commits \d+ of \d+/],
    ['forgets at its start what it held when it died', [['budget.write(lines.leftOpen(hold));', 'budget.write({ ...lines.leftOpen(hold), event: "API_CALL_FAILURE" });']], /M2: of the prompt .* was billed/],
    ['lets go of a call that was cut', [['fault.billing === "none" ? lines.failure(order, call, fault) : lines.usageUnknown(order, call, fault.message, fault.code)', 'lines.failure(order, call, fault)']], /M2: of the prompt .* was billed/],
  ])('finds out a grind that %s', async (_what, changes, expected) => {
    await isFoundOut(expected, { grindMain: wrongGrind(changes) });
  }, 180_000); // prettier-ignore

  it('finds out two grinds on one home', async () => {
    const main = wrongGrind([['if (held !== void 0 && !isOurs(held)) return {', 'if (false) return {'], ['return stands === void 0 || isOurs(stands) ?', 'return true ?']]);
    await isFoundOut(/M1: .* commits \d+ of \d+|S1: .* was never held|M2: /, { grindMain: main, twoGrinds: true });
  }, 180_000); // prettier-ignore
});
