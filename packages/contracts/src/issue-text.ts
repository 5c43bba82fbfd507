/** What a schema has against a value, as one would say it: `must be a number, not a text`. Follows the name of the field. Pure. */
import type { z } from 'zod';

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

export function issueText(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeText(issue);
    case 'invalid_value': {
      const values = issue.values.map((value) => JSON.stringify(value) ?? String(value));
      return values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`;
    }
    case 'too_big':
      return limitText(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
      return limitText(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'unrecognized_keys':
      return `has ${issue.keys.length === 1 ? 'a key' : 'keys'} that nothing reads: ${issue.keys.join(', ')}`;
    default:
      return issue.message;
  }
}

/** What was there instead stands only in the validator's own sentence. */
function typeText(issue: z.core.$ZodIssueInvalidType): string {
  const received = /received (\w+)/.exec(issue.message)?.[1] ?? '';
  if (received === 'undefined') return 'is missing';
  const wanted = KINDS[issue.expected] ?? issue.expected;
  const found = KINDS[received];
  return `must be ${wanted}${found === undefined || found === wanted ? '' : `, not ${found}`}`;
}

function limitText(origin: string, bound: string, limit: number | bigint): string {
  const of = origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
  return of === '' ? `must be ${bound} ${limit}` : `must have ${bound} ${limit}${of}`;
}
