/**
 * The gate: judges the text and writes the decision down before anything is done on it. Talks to the rules of `safety` and to the record.
 *
 * - S1: nobody reaches the provider without a report that passed. S2: the decision is in the record before the act; what cannot be recorded is refused.
 */
import { rulesDigest } from '@vivarium/constitution';
import {
  CHECKS,
  type ControlState,
  type RecordStore,
  type SafetyAuditLine,
  type SafetyReport,
} from '@vivarium/contracts';
import { messageOf, timestamp, type Clock, type IdSource } from '@vivarium/core';
import { assess } from '@vivarium/safety';
import type { CallLines } from './call-lines.ts';
import type { Notices } from './notices.ts';
import type { Order } from './order.ts';
import { refuse, type Refusal } from './refusal.ts';

export interface GateDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly record: RecordStore;
  /** Writes a line of api_audit.log; may throw. */
  readonly writeAudit: (line: ReturnType<CallLines['violation']>) => void;
  readonly lines: CallLines;
  readonly notices: Notices;
}

/** Answers a refusal, or undefined when the order may go on: then its decision stands in the record. */
export type Gate = (order: Order, control: ControlState) => Promise<Refusal | undefined>;

export function createGate({ clock, ids, record, writeAudit, lines, notices }: GateDeps): Gate {
  return async (order, control) => {
    const report = assess({ text: order.prompt, role: order.caller.principal.role }, { control });
    // Field by field, as call-lines.ts does for the same reason.
    const line: SafetyAuditLine = {
      timestamp: timestamp(clock),
      task: report.task,
      checks: report.checks,
      passed: report.passed,
      blocked_reason: report.blocked_reason,
      event: 'gate.decided',
      prompt_sha256: order.promptSha256,
      rules_digest: rulesDigest,
      user: order.caller.principal.user,
      role: order.caller.principal.role,
      event_id: ids.next('gate'),
      home: order.joins.home,
      run_id: order.joins.run_id,
      task_id: order.joins.task_id,
      round: order.joins.round,
      attempt: order.joins.attempt,
      task_digest: order.joins.task_digest,
      worker_id: order.joins.worker_id,
      request_id: order.joins.request_id,
      provider: order.joins.provider,
      simulated: order.joins.simulated,
    };
    try {
      await record.appendSoon('safetyAudit', line);
      if (report.passed) return undefined;
      const reason = report.blocked_reason ?? 'refused';
      const ruleIds = rulesThatSpoke(report);
      writeAudit(lines.violation(order, reason, ruleIds));
      notices.blocked(order, reason, ruleIds);
      return refuse('refused', reason, { ruleIds });
    } catch (error) {
      notices.trouble(order, 'record_unwritable', messageOf(error));
      return refuse(
        'record_unwritable',
        'The decision of the gate could not be recorded, so nothing was done.',
      );
    }
  };
}

const rulesThatSpoke = (report: SafetyReport): readonly string[] =>
  CHECKS.flatMap((check) => report.checks[check]?.rule_ids ?? []);
