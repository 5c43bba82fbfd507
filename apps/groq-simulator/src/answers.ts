/**
 * What the simulator says. Structure follows the prompt (read-request.ts), words are taken from it, length and wording from the
 * dice: enough for what stands behind it to extract files, parse JSON, count items and show text. Every answer carries a visible
 * marker that no model wrote it: a first line `[simulated]`, in code a comment, in JSON a key.
 */
import { writeSample, type Language } from './languages.ts';
import type { Random } from './random.ts';
import { readable, readWanted } from './read-request.ts';

export const MARKER = '[simulated]';

export function writeAnswer(prompt: string, jsonMode: boolean, random: Random): string {
  const wanted = readWanted(prompt, jsonMode);
  const topics = topicsOf(prompt);
  const say = speaker(topics, random);
  const sample = (language: Language): string => writeSample(language, identifier(topics), say.phrase());
  switch (wanted.kind) {
    case 'json':
      return JSON.stringify(jsonAnswer(wanted.keys, say, random), undefined, 2);
    case 'files':
      return `${MARKER}\n${wanted.files.map(({ path, language }) => artifact(path, sample(language))).join('\n')}`;
    case 'code': {
      const block = `\`\`\`${wanted.language}\n${sample(wanted.language)}\`\`\``;
      return wanted.alone ? block : `${MARKER}\n${say.sentence()}\n\n${block}\n\n${say.sentence()}`;
    }
    case 'list': {
      const items = Array.from({ length: wanted.count }, (_, index) => `${index + 1}. ${say.sentence()}`);
      return `${MARKER}\n${items.join('\n')}`;
    }
    case 'prose': {
      const paragraph = (): string => Array.from({ length: random.between(2, 5) }, say.sentence).join(' ');
      return `${MARKER}\n${Array.from({ length: random.between(1, 3) }, paragraph).join('\n\n')}`;
    }
  }
}

type Topics = readonly [string, ...string[]];

const MAX_TOPICS = 16;

/** Words of at least four letters, in order of appearance, without the ones every prompt has. */
function topicsOf(prompt: string): Topics {
  const found = new Set<string>();
  for (const [word] of readable(prompt).matchAll(/\p{L}{4,}/gu)) {
    const lower = word.toLowerCase();
    if (!commonWords.has(lower)) found.add(lower);
    if (found.size === MAX_TOPICS) break;
  }
  const [first = 'request', ...rest] = found;
  return [first, ...rest];
}

const commonWords = new Set(
  (
    'about above after again against also answer because been before being below between both code could create describe does doing done ' +
    'down during each explain file files from further give given have having here implement into item items json just list make more most ' +
    'must name need only other over please prompt return same should some such summarise summarize than that their them then there these ' +
    'they this those through under until very want were what when where which while will with without would write your yours'
  ).split(' '),
);

/** A name every language accepts: from topics in plain letters, else a fixed one. */
function identifier(topics: Topics): string {
  const plain = topics.filter((topic) => /^[a-z]+$/.test(topic)).slice(0, 2);
  return `sim_${plain.length > 0 ? plain.join('_') : 'answer'}`;
}

interface Speaker {
  /** One topic, or two joined by "and". */
  phrase(): string;
  sentence(): string;
}

/** Takes the sentences in an order drawn once, so that none comes twice in a row. */
function speaker(topics: Topics, random: Random): Speaker {
  const start = random.between(0, sentences.length - 1);
  const stride = random.between(1, sentences.length - 1); // their number is prime: every stride visits all
  let said = 0;
  const pair = (): readonly [string, string] => {
    const first = random.between(0, topics.length - 1);
    const second =
      topics.length === 1 ? first : (first + random.between(1, topics.length - 1)) % topics.length;
    return [topics[first] ?? topics[0], topics[second] ?? topics[0]];
  };
  return {
    phrase() {
      const [first, second] = pair();
      return first === second ? first : `${first} and ${second}`;
    },
    sentence() {
      const write = sentences[(start + stride * said++) % sentences.length] ?? sentences[0];
      const text = write(...pair());
      return text.charAt(0).toUpperCase() + text.slice(1);
    },
  };
}

const sentences: readonly [(a: string, b: string) => string, ...((a: string, b: string) => string)[]] = [
  (a, b) => `${a} comes first, and ${b} follows from it.`,
  (a, b) => `before touching ${a}, measure ${b} twice.`,
  (a, b) => `the hard part of ${a} is knowing when ${b} is good enough.`,
  (a) => `start with the smallest ${a} that can be checked by hand.`,
  (a, b) => `where ${a} and ${b} disagree, write down why.`,
  (a) => `keep ${a} simple until a figure says otherwise.`,
  (a, b) => `a change to ${a} should never surprise whoever reads ${b}.`,
  (a, b) => `${b} can wait; ${a} cannot.`,
  (a) => `nobody regrets an early test of ${a}.`,
  (a, b) => `one owner for ${a}, one place for ${b}, one way to see both.`,
  (a) => `what is known about ${a} fits on a page.`,
  (a, b) => `most trouble with ${a} begins as a small doubt about ${b}.`,
  (a, b) => `look at ${a} from the side of ${b} and it becomes plain.`,
];

/** A value for each key asked for; its kind is guessed from the key's name. */
function jsonAnswer(
  keys: readonly string[],
  say: Speaker,
  random: Random,
): Readonly<Record<string, unknown>> {
  const names = keys.length > 0 ? keys : ['summary', 'items', 'confidence'];
  return Object.fromEntries([
    ['simulated', true] as const,
    ...names.map((name) => [name, valueFor(name, say, random)] as const),
  ]);
}

function valueFor(name: string, say: Speaker, random: Random): unknown {
  if (/^(?:is|has|can|should)_|^(?:ok|valid|passed|done|enabled|approved)$/i.test(name))
    return random.fraction() < 0.5;
  if (/confidence|probability|ratio/i.test(name)) return Math.round(random.fraction() * 100) / 100;
  if (/count|score|total|number|percent|age|size|priority|rating/i.test(name)) return random.between(1, 100);
  if (/[^s]s$|list$/i.test(name)) return Array.from({ length: random.between(2, 4) }, say.phrase);
  return say.sentence();
}

const artifact = (path: string, content: string): string =>
  `<artifact type="file" path="${path}" encoding="utf-8">\n${content}</artifact>`;
