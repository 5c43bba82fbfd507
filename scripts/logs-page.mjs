/**
 * docs/logs.md as text, made from the schemas of @vivarium/contracts: what a line may hold is said once, where it is parsed.
 *
 * @typedef {object} JsonSchema
 * @property {string | string[]} [type]
 * @property {string} [description]
 * @property {string | number | boolean | null} [const]
 * @property {unknown[]} [enum]
 * @property {JsonSchema[]} [anyOf]
 * @property {JsonSchema[]} [oneOf]
 * @property {JsonSchema} [items]
 * @property {Record<string, JsonSchema>} [properties]
 * @property {string[]} [required]
 * @property {JsonSchema | boolean} [additionalProperties]
 *
 * @typedef {{ toJSONSchema: (options: { io: 'input' }) => unknown }} Schema
 * @typedef {{ file: string, writer: string, about: string, schema: Schema }} Log
 */

/** @param {Record<string, Schema>} contracts @returns {readonly Log[]} */
const logsOf = (contracts) => {
  /** @param {string} file @param {string} name @param {string} writer @param {string} about */
  const log = (file, name, writer, about) => {
    const schema = contracts[name];
    if (schema === undefined) throw new Error(`@vivarium/contracts exports no ${name}`);
    return { file, writer, about, schema };
  };
  return [
    log(
      'execution_log.jsonl',
      'ExecutionLogLine',
      'workers, orchestrator',
      'What happened to each task. The state of a task is the fold of these lines and nothing else (Q1).',
    ),
    log(
      'api_audit.log',
      'ApiAuditLine',
      'grind alone',
      'Every call that spent or was refused, and the write-ahead log of money: a hold before the call, one settling line after it (M1, M2).',
    ),
    log(
      'safety_audit.log',
      'SafetyAuditLine',
      'grind alone',
      'Every decision of the safety gate, written before what it allows (S2).',
    ),
    log(
      'action_log.jsonl',
      'ActionLogLine',
      'everybody',
      'What anyone would want to watch. `action_log.log` is its readable twin.',
    ),
    log(
      'seals.jsonl',
      'SealLine',
      'the sealer: one process at a time',
      'What proves that the other files are as they were (S5).',
    ),
    log(
      'performance_history.json',
      'PerformanceRecord',
      'nobody yet: a projection, read from the files of the seed',
      'An entry of the array.',
    ),
    log(
      'tool_operations.json',
      'ToolOperation',
      'nobody yet: a projection, read from the files of the seed',
      'An entry of the array.',
    ),
  ];
};

/** The type of a field in words. @param {JsonSchema} schema @returns {string} */
const typeOf = (schema) => {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return options.map(typeOf).join(' or ');
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  if (schema.type === 'array')
    return `array of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}`;
  if (schema.type === 'object') return objectType(schema);
  return schema.type ?? 'anything';
};

/** @param {JsonSchema} schema */
const objectType = ({ properties, required = [], additionalProperties }) => {
  const fields = Object.entries(properties ?? {}).map(
    ([name, field]) => `${name}${required.includes(name) ? '' : '?'}: ${typeOf(field)}`,
  );
  if (fields.length > 0) return `object { ${fields.join('; ')} }`;
  const isOpen = additionalProperties === undefined || typeof additionalProperties === 'boolean';
  return isOpen || typeOf(additionalProperties) === 'anything'
    ? 'object'
    : `object of ${typeOf(additionalProperties)}`;
};

/** What tells one kind of line from another: the name of the field that has one value in each. @param {readonly JsonSchema[]} kinds */
const discriminatorOf = (kinds) =>
  ['status', 'event'].find((name) =>
    kinds.every(({ properties }) => properties?.[name]?.const !== undefined),
  );

/**
 * The fields of a log, each once: those that all kinds of line share in the same sense, then the others with the kinds that have them.
 * A word that goes with the kind of line is one field, with all its words.
 * @typedef {{ name: string, types: Set<string>, always: boolean, meaning: string, kinds: Set<string> }} Field
 * @param {readonly JsonSchema[]} kinds @param {string} discriminator
 */
const fieldsOf = (kinds, discriminator) => {
  /** @type {Map<string, Field>} */
  const fields = new Map();
  for (const { properties = {}, required = [] } of kinds) {
    const kind = String(properties[discriminator]?.const ?? '');
    for (const [name, schema] of Object.entries(properties)) {
      const type = name === discriminator ? 'string' : typeOf(schema);
      const isEvent = name === 'event' && name !== discriminator;
      const meaning =
        name === discriminator
          ? 'What kind of line this is.'
          : (schema.description ?? (isEvent ? 'What happened, as subject.past-verb.' : ''));
      const always = required.includes(name);
      const isWord = schema.const !== undefined || schema.enum !== undefined;
      const key = JSON.stringify([name, isWord || type, isWord || always, meaning]);
      const field = fields.get(key) ?? { name, types: new Set(), always, meaning, kinds: new Set() };
      field.types.add(type);
      field.kinds.add(kind);
      fields.set(key, field);
    }
  }
  const inAll = [...fields.values()].filter((field) => field.kinds.size === kinds.length);
  return [...inAll, ...[...fields.values()].filter((field) => field.kinds.size < kinds.length)];
};

/** @param {ReadonlySet<string>} some @param {readonly string[]} all */
const whichOf = (some, all) => {
  const quoted = (/** @type {readonly string[]} */ names) => names.map((name) => `\`${name}\``).join(', ');
  if (some.size === all.length) return 'every line';
  const missing = all.filter((kind) => !some.has(kind));
  return missing.length < some.size && missing.length <= 2 ? `all but ${quoted(missing)}` : quoted([...some]);
};

/** @param {Log} log @returns {{ rows: readonly string[], kinds: string }} */
const rowsOf = ({ file, schema }) => {
  const json = /** @type {JsonSchema} */ (schema.toJSONSchema({ io: 'input' }));
  const kinds = json.oneOf ?? json.anyOf ?? [json];
  const discriminator = kinds.length === 1 ? '' : discriminatorOf(kinds);
  if (discriminator === undefined) throw new Error(`${file}: nothing tells its kinds of line apart`);
  const names = kinds.map(({ properties }) => String(properties?.[discriminator]?.const ?? ''));
  const rows = fieldsOf(kinds, discriminator).map(({ name, types, always, meaning, kinds: some }) =>
    [`\`${name}\``, whichOf(some, names), always ? 'always' : '', [...types].join(', '), meaning]
      .map((cell) => cell.replaceAll('|', '\\|'))
      .join(' | '),
  );
  const list = names.map((name) => `\`${name}\``).join(', ');
  return { rows, kinds: discriminator === '' ? '' : `Kinds of line, by \`${discriminator}\`: ${list}.` };
};

/** @param {readonly string[]} rows */
const table = (rows) =>
  ['| Field | In | | Type | Meaning |', '|---|---|---|---|---|', ...rows.map((row) => `| ${row} |`)].join(
    '\n',
  );

/** @param {Record<string, unknown>} contracts everything that @vivarium/contracts exports */
export const logsPage = (contracts) => {
  const logs = logsOf(/** @type {Record<string, Schema>} */ (contracts)).map((log) => ({
    ...log,
    ...rowsOf(log),
  }));
  /** What most logs have in the same words is said once. @param {string} row */
  const isCommon = (row) => logs.filter(({ rows }) => rows.includes(row)).length * 2 > logs.length;
  const common = [...new Set(logs.flatMap(({ rows }) => rows.filter(isCommon)))];
  const sections = logs.map(({ file, about, writer, kinds, rows }) =>
    [`## ${file}`, `${about} Written by: ${writer}.`, kinds, table(rows.filter((row) => !isCommon(row)))]
      .filter((part) => part !== '')
      .join('\n\n'),
  );
  const intro = [
    'Every field of every file in `logs/`. Generated from the schemas in `packages/contracts/src/events` by `npm run docs`; a test holds it equal.',
    'One line is one event. A field that is not always there is absent, never empty. Readers skip a torn line and an event they do not know, and count them.',
  ].join('\n');
  const shared = `## Fields that join the logs\n\n${table(common)}`;
  return `${['# Logs', intro, shared, ...sections].join('\n\n')}\n`;
};
