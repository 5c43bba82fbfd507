/**
 * The rules of money, checked over the lines of api_audit.log and of the provider's bill. Pure, and written anew from the promises.
 *
 * M1 after every single line, for each run, task, UTC day and principal; M2 in sum and call by call; M3 by key; M5 because nothing here is real.
 */
import { numberOf, textOf, type LogLine } from './log-lines.ts';
import { violation, type Violation } from './violation.ts';

export interface MoneyEvidence {
  readonly audit: readonly LogLine[];
  readonly bill: readonly LogLine[];
  /** Of queue.json: task to cap, in nano-dollars. */
  readonly taskCaps: ReadonlyMap<string, number>;
}

export interface MoneyFindings {
  readonly violations: readonly Violation[];
  readonly settled: number;
  readonly unknown: number;
  readonly held: number;
  readonly billed: number;
  readonly calls: { readonly settled: number; readonly unknown: number; readonly billed: number };
  /** Settled calls by their id. */
  readonly settledCalls: ReadonlyMap<string, LogLine>;
  /** What calls of unknown usage were charged, by task and round. */
  readonly unknownByTask: ReadonlyMap<string, number>;
}

interface Hold {
  readonly amount: number;
  readonly run: string;
  /** With its round; undefined for what was asked directly. */
  readonly task: string | undefined;
  readonly day: string;
  readonly user: string;
  readonly prompt: string;
}

export function checkMoney({ audit, bill, taskCaps }: MoneyEvidence): MoneyFindings {
  const violations: Violation[] = [];
  const holds = new Map<string, Hold>();
  const closed = new Set<string>();
  /** Charged as unknown, and the provider may still tell: the charge of each. */
  const mayStillSettle = new Map<string, Hold>();
  /** By what they are on, as `run <id>`, `day <date>`, `principal <name>`. */
  const caps = new Map<string, number>();
  const committed = new Map<string, number>();
  const paidKeys = new Map<string, LogLine>();
  const settledCalls = new Map<string, LogLine>();
  let settled = 0;
  let unknown = 0;
  let unknownCalls = 0;
  const unknownByTask = new Map<string, number>();
  /** By the hash of the prompt: the bill has it also of answers that were lost. */
  const settledFor = new Map<string, number>();
  const unknownFor = new Map<string, number>();

  const commit = ({ run, task, day, user }: Hold, amount: number, line: LogLine): void => {
    for (const [name, cap] of [
      [`run ${run}`, caps.get(`run ${run}`)],
      // What is asked directly is no task of the queue: its own cap is in no log.
      ...(task === undefined ? [] : [[`task ${task}`, taskCaps.get(task.split('#')[0] ?? '')] as const]),
      [`day ${day}`, caps.get(`day ${day}`)],
      // The admin alone has none.
      [`principal ${user}`, user === 'admin' ? Infinity : caps.get(`principal ${user}`)],
    ] as const) {
      const sum = (committed.get(name) ?? 0) + amount;
      committed.set(name, sum);
      if (amount > 0 && cap === undefined)
        violations.push(violation('M1', `${name} spends without a cap`, line));
      if (cap !== undefined && sum > cap)
        violations.push(violation('M1', `${name} commits ${sum} of ${cap}`, line));
    }
  };

  /** A charge of the task's line stays: it said what was known then. */
  const takeBack = ({ amount, prompt }: Hold): void => {
    unknown -= amount;
    addTo(unknownFor, prompt, -amount);
    unknownCalls -= 1;
  };

  for (const line of audit) {
    const id = textOf(line, 'call_id');
    switch (textOf(line, 'event')) {
      case 'run.opened':
        caps.set(`run ${textOf(line, 'run_id')}`, numberOf(line, 'cap_nano_usd'));
        break;
      case 'cap.set':
        caps.set(`${textOf(line, 'scope')} ${textOf(line, 'name')}`, numberOf(line, 'cap_nano_usd'));
        break;
      case 'call.held': {
        if (holds.has(id) || closed.has(id)) break; // the same line once more
        const isQueued = textOf(line, 'task_id') !== '' && textOf(line, 'role') !== 'lan';
        const task = isQueued ? `${textOf(line, 'task_id')}#${numberOf(line, 'round')}` : undefined;
        const hold = {
          amount: numberOf(line, 'held_nano_usd'),
          run: textOf(line, 'run_id'),
          task,
          day: textOf(line, 'timestamp').slice(0, 10),
          user: textOf(line, 'user'),
          prompt: textOf(line, 'prompt_hash'),
        };
        holds.set(id, hold);
        commit(hold, hold.amount, line);
        break;
      }
      case 'API_CALL_SUCCESS': {
        const late = mayStillSettle.get(id);
        if (late !== undefined) {
          mayStillSettle.delete(id);
          takeBack(late);
          holds.set(id, late);
        }
        const hold = holds.get(id);
        if (hold === undefined) {
          if (!closed.has(id)) violations.push(violation('S1', `${id} is paid and was never held`, line));
          break;
        }
        holds.delete(id);
        closed.add(id);
        const cost = numberOf(line, 'cost_nano_usd');
        if (cost > hold.amount)
          violations.push(violation('M1', `${id} costs ${cost}, and only ${hold.amount} was held`, line));
        commit(hold, cost - hold.amount, line);
        settled += cost;
        addTo(settledFor, textOf(line, 'prompt_hash'), cost);
        settledCalls.set(id, line);
        const key = textOf(line, 'idempotency_key');
        if (paidKeys.has(key)) violations.push(violation('M3', `the key ${key} is paid a second time`, line));
        if (key !== '') paidKeys.set(key, line);
        if (line.value['simulated'] !== true)
          violations.push(violation('M5', `${id} is booked as real money`, line));
        break;
      }
      case 'call.usage-unknown': {
        const hold = holds.get(id);
        if (hold === undefined) break;
        holds.delete(id);
        closed.add(id);
        const charge = numberOf(line, 'charged_nano_usd');
        commit(hold, charge - hold.amount, line);
        if (charge < hold.amount)
          violations.push(violation('M2', `${id} is charged ${charge} of the ${hold.amount} held`, line));
        unknown += charge;
        addTo(unknownFor, hold.prompt, charge);
        unknownCalls += 1;
        if (hold.task !== undefined)
          unknownByTask.set(hold.task, (unknownByTask.get(hold.task) ?? 0) + charge);
        if (line.value['may_settle'] === true) mayStillSettle.set(id, { ...hold, amount: charge });
        break;
      }
      case 'API_CALL_FAILURE': {
        const late = mayStillSettle.get(id);
        if (late !== undefined) {
          mayStillSettle.delete(id);
          takeBack(late);
          commit(late, -late.amount, line);
        }
        const hold = holds.get(id);
        if (hold === undefined) break;
        holds.delete(id);
        closed.add(id);
        commit(hold, -hold.amount, line);
        break;
      }
    }
  }

  const billLines = new Map<string, LogLine>();
  let billed = 0;
  for (const line of bill) {
    const id = textOf(line, 'request_id');
    if (billLines.has(id)) violations.push(violation('M2', `the bill has ${id} twice`, line));
    billLines.set(id, line);
    billed += numberOf(line, 'cost_nano_usd');
  }
  const billedFor = sumsBy(bill, 'prompt_hash', 'cost_nano_usd');
  for (const [prompt, cost] of billedFor) {
    const covered = (settledFor.get(prompt) ?? 0) + (unknownFor.get(prompt) ?? 0);
    if (cost > covered)
      violations.push(
        violation('M2', `of the prompt ${prompt} ${cost} was billed, and ${covered} is settled or charged`),
      );
  }
  const joined = new Set<string>();
  for (const line of settledCalls.values()) {
    const id = textOf(line, 'provider_request_id');
    const counterpart = billLines.get(id);
    if (counterpart === undefined)
      violations.push(violation('M2', `a recorded reply is not on the bill: ${id}`, line));
    else if (numberOf(counterpart, 'cost_nano_usd') !== numberOf(line, 'cost_nano_usd'))
      violations.push(
        violation('M2', `${id} costs ${numberOf(counterpart, 'cost_nano_usd')} on the bill`, line),
      );
    if (joined.has(id))
      violations.push(violation('M2', `two recorded replies share ${id} of the bill`, line));
    joined.add(id);
  }
  if (!(settled <= billed && billed <= settled + unknown))
    violations.push(
      violation(
        'M2',
        `settled ${settled} ≤ billed ${billed} ≤ settled + unknown ${settled + unknown} does not hold`,
      ),
    );
  if (billLines.size - joined.size > unknownCalls)
    violations.push(
      violation(
        'M2',
        `${billLines.size - joined.size} calls are on the bill alone, and only ${unknownCalls} are charged as unknown`,
      ),
    );
  for (const [id, { amount }] of holds)
    violations.push(violation('M2', `${id} is still held (${amount}) after everything ended`));

  const held = [...holds.values()].reduce((sum, { amount }) => sum + amount, 0);
  const calls = { settled: settledCalls.size, unknown: unknownCalls, billed: billLines.size };
  return { violations, settled, unknown, held, billed, calls, settledCalls, unknownByTask };
}

const addTo = (sums: Map<string, number>, key: string, amount: number): void =>
  void sums.set(key, (sums.get(key) ?? 0) + amount);
function sumsBy(lines: readonly LogLine[], key: string, amount: string): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const line of lines)
    if (line.value[key] !== undefined) addTo(sums, textOf(line, key), numberOf(line, amount));
  return sums;
}
