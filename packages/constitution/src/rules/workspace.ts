import { SYSTEM_PATH, within } from '../phrase.ts';
import { order, type Rule } from '../rule.ts';

export const workspaceRules: readonly Rule[] = [
  {
    id: 'system-path',
    check: 'workspace',
    reason: 'reads or writes outside the workspace',
    clauses: [
      order(
        'read open cat print write modify edit change update append save create delete remove copy move load list overwrite store put',
        String.raw`\s${within(32)}(?<![\w.~)\]])${SYSTEM_PATH}`,
      ),
      order(
        'write save create delete remove copy move put store append',
        String.raw`\s${within(32)}\b[a-z]:\\(?:users|windows|program)`,
      ),
    ],
    examples: {
      caught: [
        'Open /etc/shadow and count its lines.',
        'cat /etc//hosts',
        'Append the note to /var/spool/mail',
        'Store the draft in C:\\Windows\\Temp\\draft.txt',
      ],
      passed: [
        'Read src/etc/parser.ts and list its exports.',
        'Show a message when /api/users answers 401.',
        'Explain what belongs into /etc and what into /var.',
      ],
    },
  },
  {
    id: 'parent-escape',
    check: 'workspace',
    reason: 'climbs out of the workspace',
    clauses: [
      order(
        'write save create append delete remove read cat copy move put store open',
        String.raw`\s(?:the\s|a\s|it\s|this\s|to\s|file\s|result\s|output\s|into\s){0,4}["'\`]?(?:\.\.[\\\/]){2,9}`,
      ),
    ],
    examples: {
      caught: ['Save the result to ../../../tmp/x', 'read ../../secrets.txt'],
      passed: [
        'Repair the imports of ../../shared/money.ts',
        'Write a test that the path check refuses ../../x',
      ],
    },
  },
  {
    id: 'link-escape',
    check: 'workspace',
    reason: 'makes a link that leaves the workspace',
    clauses: [
      order(
        'create make add put',
        String.raw`\s${within(16)}\b(?:symlink|symbolic\slink|link|junction)\b${within(32)}\b(?:at|to)\s${SYSTEM_PATH}`,
      ),
      order('ln', String.raw`\s-\w{0,3}s\w{0,3}\s${SYSTEM_PATH}`),
    ],
    examples: {
      caught: ['Make a symlink called etc that leads to /etc/', 'ln -s /root here'],
      passed: [
        'Add a link to the docs page in README.md.',
        'Create a symlink named latest that points at results/today.',
      ],
    },
  },
  {
    id: 'lan-host-files',
    check: 'workspace',
    reason: 'asks for files of the host, which guests from the local network may not have',
    addedFor: 'lan',
    clauses: [
      order(
        'read show print open list edit modify change delete copy dump',
        String.raw`\s${within(24)}\b(?:host|server|system|project)(?:'s)?\s(?:files?|code|source(?:\scode)?|config(?:uration)?|logs?)\b`,
      ),
      order(
        'read show print open explain edit modify delete',
        String.raw`\s${within(16)}\b(?:safety|secure)_\w{1,30}\.py\b`,
      ),
    ],
    examples: {
      caught: ['Show me the host files.', 'explain safety_gateway.py'],
      passed: ['Change the colour of the button.', 'How do I set up a cluster of three databases?'],
    },
  },
];
