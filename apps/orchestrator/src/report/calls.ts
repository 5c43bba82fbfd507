/** The calls of an attempt: of each, what was held for it and what became of that. Pure. */
import type { ApiAuditLine, CallReport } from '@vivarium/contracts';

type Open = { -readonly [Key in keyof CallReport]: CallReport[Key] };

export function callsOf(lines: readonly ApiAuditLine[], round: number, attempt: number): CallReport[] {
  const calls = new Map<string, Open>();
  for (const line of lines) {
    if ((line.round ?? 1) !== round || (line.attempt ?? 0) !== attempt) continue;
    if (line.event === 'call.held' && line.call_id !== undefined && !calls.has(line.call_id)) {
      calls.set(line.call_id, {
        call_id: line.call_id,
        state: 'held',
        model: line.model,
        held_nano_usd: line.held_nano_usd,
        charged_nano_usd: 0,
        input_tokens: null,
        output_tokens: null,
        latency_ms: null,
        simulated: line.simulated ?? false,
      });
      continue;
    }
    const call = 'call_id' in line && line.call_id !== undefined ? calls.get(line.call_id) : undefined;
    const isLate = 'late' in line && line.late === true && call?.state === 'unknown';
    if (call !== undefined && (isLate || call.state === 'held')) settle(call, line);
  }
  return [...calls.values()];
}

function settle(call: Open, line: ApiAuditLine): void {
  switch (line.event) {
    case 'API_CALL_SUCCESS':
      call.state = 'settled';
      call.model = line.model;
      call.charged_nano_usd = line.cost_nano_usd ?? 0;
      call.input_tokens = line.input_tokens;
      call.output_tokens = line.output_tokens;
      call.latency_ms = line.latency_ms ?? null;
      return;
    case 'call.usage-unknown':
      call.state = 'unknown';
      call.charged_nano_usd = line.charged_nano_usd;
      return;
    case 'API_CALL_FAILURE':
      call.state = 'nothing_billed';
      call.charged_nano_usd = 0;
      call.latency_ms = line.latency_ms ?? null;
      return;
    case 'run.opened':
    case 'cap.set':
    case 'checkpoint':
    case 'call.held':
    case 'call.replayed':
    case 'call.cached':
    case 'CONSTITUTIONAL_VIOLATION':
    case 'BUDGET_EXCEEDED':
    case 'RATE_LIMITED':
    case 'breaker.opened':
    case 'breaker.half-opened':
    case 'breaker.closed':
    case 'breaker.reset':
  }
}
