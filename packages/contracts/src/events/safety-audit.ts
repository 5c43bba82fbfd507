/** `logs/safety_audit.log`: every decision of the gate, written before the act it allows (S2). Written by grind alone. Keys of the seed first. */
import { z } from 'zod';
import { joinFields, Sha256, Timestamp } from '../fields.ts';
import { linkFieldsIfAny } from './seals.ts';

export const CHECKS = ['constitutional', 'workspace', 'network', 'prompt', 'control'] as const;
export type CheckName = (typeof CHECKS)[number];

export const CheckResult = z.object({
  passed: z.boolean(),
  reason: z.string(),
  rule_ids: z.array(z.string()).optional().describe('Rules that spoke in this check.'),
});
export type CheckResult = Readonly<z.infer<typeof CheckResult>>;

export const SafetyReport = z.object({
  task: z.string().describe('The first 200 characters of the text that was judged.'),
  checks: z.partialRecord(z.enum(CHECKS), CheckResult).describe('One entry for each check.'),
  passed: z.boolean().describe('Whether every check passed.'),
  blocked_reason: z.string().nullable().describe('The first reason against it; null when it passed.'),
});
export type SafetyReport = Readonly<z.infer<typeof SafetyReport>>;

export const SafetyAuditLine = z.object({
  timestamp: Timestamp,
  ...SafetyReport.shape,
  event: z.literal('gate.decided').optional(),
  prompt_sha256: Sha256.optional().describe('SHA-256 of the whole text that was judged.'),
  rules_digest: z.string().optional().describe('Digest of the rules in force.'),
  user: z.string().optional().describe('Principal: admin on loopback.'),
  role: z.string().optional().describe('admin or lan.'),
  ...joinFields,
  ...linkFieldsIfAny,
});
export type SafetyAuditLine = Readonly<z.infer<typeof SafetyAuditLine>>;
