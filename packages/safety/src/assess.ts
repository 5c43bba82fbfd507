/**
 * The gate's judgement: five checks in one order, joined into one report. It judges facts; reading a control file or a clock is the caller's.
 * All checks run and stand in the report, also after the first has failed: a record that stops at the first says nothing of the rest.
 */
import { judge, type Finding, type Role, type RuleCheck } from '@vivarium/constitution';
import {
  CHECKS,
  redact,
  secretsIn,
  type CheckName,
  type CheckResult,
  type ControlState,
  type SafetyReport,
} from '@vivarium/contracts';

export interface GateRequest {
  readonly text: string;
  /** Who asks. Every rule holds for everybody; a role only adds some. */
  readonly role: Role;
}

export interface GateFacts {
  readonly control: ControlState;
}

/** Reasons begin as the seed's record has them. */
const WORDS: Readonly<Record<RuleCheck, { readonly passed: string; readonly failed: string }>> = {
  constitutional: { passed: 'Constitutional check passed', failed: 'Constitutional violation' },
  workspace: { passed: 'Workspace sandbox check passed', failed: 'Workspace violation' },
  network: { passed: 'Network guard check passed', failed: 'Network violation' },
  prompt: { passed: 'Prompt sanitization check passed', failed: 'Prompt injection detected' },
};

/** Characters of the text that the record shows. */
const SHOWN = 200;

export function assess(request: GateRequest, facts: GateFacts): SafetyReport {
  const verdict = judge(request.text, undefined, request.role);
  const findings = verdict.kind === 'refused' ? verdict.findings : [];
  const checks: Readonly<Record<CheckName, CheckResult>> = {
    constitutional: checkRules('constitutional', findings),
    workspace: checkRules('workspace', findings),
    network: checkRules('network', findings),
    prompt: checkPrompt(request.text, findings),
    control: checkControl(facts.control),
  };
  const failed = CHECKS.find((check) => !checks[check].passed);
  return {
    // What is cut could be the half of a secret that has no shape any more: first taken out, then cut.
    task: beginningOf(redact(request.text)),
    checks,
    passed: failed === undefined,
    blocked_reason: failed === undefined ? null : checks[failed].reason,
  };
}

function checkRules(check: RuleCheck, findings: readonly Finding[]): CheckResult {
  const spoke = findings.filter((finding) => finding.check === check);
  const [first] = spoke;
  if (first === undefined) return { passed: true, reason: WORDS[check].passed };
  const where = first.view === 'normalised' ? ', as it reads without disguise' : '';
  return {
    passed: false,
    reason: `${WORDS[check].failed}: the task ${first.reason}${where} (rule ${first.ruleId})`,
    rule_ids: spoke.map((finding) => finding.ruleId),
  };
}

/** The text would be sent away and kept: a secret in it is a mistake of whoever wrote it, and is named without being repeated (S6). */
function checkPrompt(text: string, findings: readonly Finding[]): CheckResult {
  const [kind] = secretsIn(text);
  const judged = checkRules('prompt', findings);
  if (kind === undefined) return judged;
  return {
    passed: false,
    reason: `Prompt sanitization: the task holds ${kind}; take it out, and have it replaced where it was issued (rule ${SECRET_RULE})`,
    rule_ids: [SECRET_RULE, ...(judged.rule_ids ?? [])],
  };
}
const SECRET_RULE = 'secret-in-text';

function checkControl(control: ControlState): CheckResult {
  switch (control.kind) {
    case 'running':
      return { passed: true, reason: 'Control check passed' };
    case 'hold':
      return { passed: false, reason: `Control: a hold is in force: ${control.reason}` };
    case 'draining':
      return { passed: false, reason: `Control: DRAIN is in force: ${control.reason}` };
    case 'paused':
      return { passed: false, reason: `Control: PAUSE is in force: ${control.reason}` };
    case 'halted':
      return { passed: false, reason: `Control: HALT is in force: ${control.reason}` };
  }
}

/** Whole characters, never half of a pair. */
function beginningOf(text: string): string {
  if (text.length <= SHOWN) return text;
  let beginning = '';
  let count = 0;
  for (const character of text) {
    if (count === SHOWN) break;
    beginning += character;
    count += 1;
  }
  return beginning;
}
