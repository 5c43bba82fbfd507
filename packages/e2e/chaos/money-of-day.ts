/** Money of one day, read from the lines of api_audit.log without any code of the product. Pure. */
import { numberOf, textOf, type LogLine } from './log-lines.ts';

/** What is settled, charged or held of that day so far, in nano-dollars. */
export function moneyOfDay(lines: readonly LogLine[], day: string): number {
  const held = new Map<string, number>();
  let sum = 0;
  for (const line of lines) {
    const id = textOf(line, 'call_id');
    switch (textOf(line, 'event')) {
      case 'call.held':
        if (textOf(line, 'timestamp').startsWith(day)) held.set(id, numberOf(line, 'held_nano_usd'));
        break;
      case 'API_CALL_SUCCESS':
        if (held.delete(id)) sum += numberOf(line, 'cost_nano_usd');
        break;
      case 'call.usage-unknown':
        if (held.delete(id)) sum += numberOf(line, 'charged_nano_usd');
        break;
      case 'API_CALL_FAILURE':
        held.delete(id);
        break;
    }
  }
  return sum + [...held.values()].reduce((all, amount) => all + amount, 0);
}
