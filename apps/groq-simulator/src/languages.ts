/**
 * The languages the simulator can write a small, well-formed text in. `sample` takes an identifier (lower case words joined by
 * underscores) and a topic to mention; the marker that it is simulated is the first thing in it.
 */
interface LanguageRow {
  /** Words a prompt calls it by. */
  readonly names: readonly string[];
  readonly extensions: readonly [string, ...string[]];
  readonly sample: (name: string, topic: string) => string;
}

const marker = 'simulated: no model wrote this';
const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const pascal = (name: string): string => camel(`_${name}`);

const rows = {
  python: {
    names: ['python'],
    extensions: ['py'],
    sample: (name, topic) =>
      `# ${marker}\n\n\ndef ${name}(items):\n    """Keeps what matters about ${topic}, in order."""\n    seen = set()\n    kept = []\n    for item in items:\n        if item and item not in seen:\n            seen.add(item)\n            kept.append(item)\n    return kept\n`,
  },
  typescript: {
    names: ['typescript'],
    extensions: ['ts', 'tsx'],
    sample: (name, topic) =>
      `// ${marker}\n\n/** Keeps what matters about ${topic}, in order. */\nexport function ${camel(name)}(items: readonly string[]): readonly string[] {\n  return [...new Set(items)].filter((item) => item !== '');\n}\n`,
  },
  javascript: {
    names: ['javascript'],
    extensions: ['js', 'mjs', 'jsx'],
    sample: (name, topic) =>
      `// ${marker}\n\n/** Keeps what matters about ${topic}, in order. */\nexport function ${camel(name)}(items) {\n  return [...new Set(items)].filter((item) => item !== '');\n}\n`,
  },
  html: {
    names: ['html'],
    extensions: ['html', 'htm'],
    sample: (name, topic) =>
      `<!-- ${marker} -->\n<!doctype html>\n<html lang="en">\n  <head>\n    <meta charset="utf-8">\n    <title>${topic}</title>\n  </head>\n  <body>\n    <main id="${name.replaceAll('_', '-')}">\n      <h1>${topic}</h1>\n      <p>A page about ${topic}.</p>\n    </main>\n  </body>\n</html>\n`,
  },
  css: {
    names: ['css', 'stylesheet'],
    extensions: ['css'],
    sample: (name, topic) =>
      `/* ${marker}; about ${topic} */\n.${name.replaceAll('_', '-')} {\n  display: grid;\n  gap: 1rem;\n  max-width: 60ch;\n}\n`,
  },
  sql: {
    names: ['sql'],
    extensions: ['sql'],
    sample: (name, topic) =>
      `-- ${marker}; about ${topic}\nCREATE TABLE ${name} (\n  id INTEGER PRIMARY KEY,\n  label TEXT NOT NULL\n);\n\nSELECT label, COUNT(*) AS uses FROM ${name} GROUP BY label ORDER BY uses DESC;\n`,
  },
  bash: {
    names: ['bash', 'shell'],
    extensions: ['sh', 'bash'],
    sample: (name, topic) =>
      `#!/usr/bin/env bash\n# ${marker}; about ${topic}\nset -euo pipefail\n\n${name}() {\n  sort | uniq -c | sort -rn\n}\n\n${name}\n`,
  },
  go: {
    names: ['golang', 'in go'],
    extensions: ['go'],
    sample: (name, topic) =>
      `// ${marker}\npackage main\n\nimport "fmt"\n\n// ${pascal(name)} says what it is about: ${topic}.\nfunc ${pascal(name)}() string {\n\treturn "${topic}"\n}\n\nfunc main() {\n\tfmt.Println(${pascal(name)}())\n}\n`,
  },
  rust: {
    names: ['rust'],
    extensions: ['rs'],
    sample: (name, topic) =>
      `// ${marker}\n\n/// Says what it is about: ${topic}.\npub fn ${name}() -> &'static str {\n    "${topic}"\n}\n`,
  },
  java: {
    names: ['java'],
    extensions: ['java'],
    sample: (name, topic) =>
      `// ${marker}\npublic final class ${pascal(name)} {\n    /** Says what it is about. */\n    public static String topic() {\n        return "${topic}";\n    }\n}\n`,
  },
  c: {
    names: ['in c'],
    extensions: ['c', 'h'],
    sample: (name, topic) =>
      `/* ${marker} */\n#include <stdio.h>\n\nint main(void) {\n    /* ${name} */\n    puts("${topic}");\n    return 0;\n}\n`,
  },
  yaml: {
    names: ['yaml'],
    extensions: ['yml', 'yaml'],
    sample: (name, topic) =>
      `# ${marker}\n${name}:\n  about: "${topic}"\n  steps:\n    - read\n    - check\n    - write\n`,
  },
  markdown: {
    names: ['markdown'],
    extensions: ['md'],
    sample: (_, topic) =>
      `> ${marker}\n\n# ${topic}\n\nWhat is known, what is open, and what comes next.\n\n1. Read.\n2. Check.\n3. Write down.\n`,
  },
  json: {
    names: ['json'],
    extensions: ['json'],
    sample: (name, topic) =>
      `${JSON.stringify({ simulated: true, name, about: topic, items: [] }, undefined, 2)}\n`,
  },
  csv: {
    names: ['csv'],
    extensions: ['csv'],
    sample: (name, topic) => `name,about,simulated\n${name},${topic},true\n`,
  },
  text: {
    names: ['plain text'],
    extensions: ['txt'],
    sample: (_, topic) => `${marker}\n\nNotes on ${topic}.\n`,
  },
} satisfies Readonly<Record<string, LanguageRow>>;

export type Language = keyof typeof rows;

const table: Readonly<Record<Language, LanguageRow>> = rows;
const languages = Object.keys(rows) as readonly Language[]; // `as`: Object.keys forgets the literal type of the keys
const byExtension = new Map(
  languages.flatMap((language) =>
    table[language].extensions.map((extension) => [extension, language] as const),
  ),
);

const byName = new Map(
  languages.flatMap((language) => table[language].names.map((name) => [name, language] as const)),
);
// Longer names first, so that `javascript` is not read as `java`. Not within a path or an address: `a.html` names a file, not a language.
const anyName = new RegExp(
  `(?<![\\w./])(?:${[...byName.keys()].toSorted((a, b) => b.length - a.length).join('|')})(?![\\w/])`,
  'i',
);

export const extensionOf = (language: Language): string => table[language].extensions[0];
export const languageOfExtension = (extension: string): Language | undefined => byExtension.get(extension);
/** The first language a text names. */
export const languageNamed = (text: string): Language | undefined =>
  byName.get(anyName.exec(text)?.[0].toLowerCase() ?? '');
export const writeSample = (language: Language, name: string, topic: string): string =>
  table[language].sample(name, topic);
