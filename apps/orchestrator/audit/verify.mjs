// Checks a Vivarium record that was exported: node verify.mjs [directory] [head.json kept elsewhere]
// Needs Node.js 20 or newer, and nothing of Vivarium. Exit code 0: all holds. 1: it does not, and the first bad record of each file is named.
//
// What holds when this says so:
// 1. In seals.jsonl, api_audit.log and safety_audit.log each line with `seq` and `prev` has the next number, and `prev` is the SHA-256 of
//    the bytes from the beginning of the line before it that has both (or of the file) to its own beginning.
// 2. Each `range.sealed` of seals.jsonl: bytes `from` to `to` of that file have that SHA-256. `log.archived` says where older parts are.
// 3. The line of seals.jsonl that the head names has the hash it names, and the signature over it is that of the key in the head.
//    Whether that key is whose you think it is, only whoever gave you the head can say.
// 4. Outputs in results/, when they were exported, have the SHA-256 they are named after: lines of results/<first digit>.jsonl, or, of before 2026-12, files.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [directory = '.', headFile = join(directory, 'head.json')] = process.argv.slice(2);
const logs = join(directory, 'logs');
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
const bytesOf = (file) => (existsSync(join(logs, file)) ? readFileSync(join(logs, file)) : Buffer.alloc(0));
const faults = [];
const bad = (file, record, byte, why) => faults.push(`${file}: record ${record}, byte ${byte}: ${why}`);

function* linesOf(bytes) {
  for (let at = 0, record = 1; at < bytes.length; record += 1) {
    const end = bytes.indexOf(10, at) + 1 || bytes.length;
    yield { line: bytes.subarray(at, end), record, byte: at };
    at = end;
  }
}
const parse = (line) => {
  try {
    return JSON.parse(line.toString()) ?? {};
  } catch {
    return {};
  }
};

// 1. The chains. `links` of seals.jsonl are kept for what follows.
const links = [];
for (const file of ['seals.jsonl', 'api_audit.log', 'safety_audit.log']) {
  const bytes = bytesOf(file);
  let last = { seq: 0, record: 1, byte: 0 };
  for (const { line, record, byte } of linesOf(bytes)) {
    const value = parse(line);
    if (!Number.isInteger(value.seq) || typeof value.prev !== 'string') continue;
    if (value.seq !== last.seq + 1) {
      bad(file, record, byte, `link ${value.seq} stands where ${last.seq + 1} belongs`);
      break;
    }
    if (hash(bytes.subarray(last.byte, byte)) !== value.prev) {
      bad(file, last.record, last.byte, `it, or what follows it up to record ${record}, is not what it was`);
      break;
    }
    last = { seq: value.seq, record, byte };
    if (file === 'seals.jsonl') links.push({ ...value, line, record, byte });
  }
}

// 2. The sealed ranges.
const archives = new Map(
  links
    .filter(({ event }) => event === 'log.archived')
    .map((link) => [`${link.part} ${link.file}`, link.archive]),
);
const counted = new Map();
const contents = new Map();
let ranges = 0;
for (const seal of links.filter(({ event }) => event === 'range.sealed')) {
  const file = archives.get(`${seal.part} ${seal.file}`) ?? seal.file;
  if (!contents.has(file)) contents.set(file, bytesOf(file));
  const before = counted.get(file) ?? 0;
  counted.set(file, before + seal.lines);
  const found = contents.get(file).subarray(seal.from, seal.to);
  if (hash(found) === seal.sha256) ranges += 1;
  else if (!faults.some((fault) => fault.startsWith(`${file}:`))) {
    const marks = Buffer.from(seal.marks, 'base64').toString('hex').match(/.{12}/g) ?? [];
    const lines = [...linesOf(found)];
    const index = marks.findIndex((mark, at) => mark !== hash(lines[at]?.line ?? '').slice(0, 12));
    bad(
      file,
      before + Math.max(0, index) + 1,
      seal.from + (lines[index]?.byte ?? found.length),
      'not what was sealed',
    );
  }
}

// 3. The head.
const head = existsSync(headFile) ? JSON.parse(readFileSync(headFile, 'utf8')) : undefined;
const named = links.find(({ seq }) => seq === head?.seq);
if (head === undefined)
  console.log(
    `There is no head at ${headFile}: a record that was cut at its end cannot be told from a whole one.`,
  );
else if (head.seq > 0 && (named === undefined || hash(named.line) !== head.hash))
  bad(
    'seals.jsonl',
    named?.record ?? links.length + 1,
    named?.byte ?? bytesOf('seals.jsonl').length,
    'not the line the head names',
  );
else if (head.signature === undefined) console.log('The head is not signed.');
else {
  const key = createPublicKey({ key: Buffer.from(head.public_key, 'base64'), format: 'der', type: 'spki' });
  const text = Buffer.from(`vivarium head\n${head.home}\n${head.hash}\n`);
  if (verify(null, text, key, Buffer.from(head.signature, 'base64')))
    console.log(`The head is signed by the key ${head.public_key}`);
  else bad('head.json', 1, 0, 'its signature is not good');
}

// 4. The outputs.
let results = 0;
const outputs = new Map();
const hashesOf = ({ line }) => {
  const { result_sha256: name, result } = parse(
    line.subarray(Math.max(0, line.lastIndexOf('{"result_sha256":"'))),
  );
  return typeof result === 'string' && hash(result) === name ? [name] : [];
};
const outputsOf = (file) => {
  if (!outputs.has(file)) outputs.set(file, new Set([...linesOf(bytesOf(file))].flatMap(hashesOf)));
  return outputs.get(file);
};
if (existsSync(join(logs, 'results')))
  for (const [, name] of bytesOf('api_audit.log')
    .toString()
    .matchAll(/"result_sha256":"([0-9a-f]{64})"/g)) {
    const file = `results/${name.slice(0, 1)}.jsonl`;
    if (outputsOf(file).has(name) || hash(bytesOf(`results/${name.slice(0, 2)}/${name}.txt`)) === name)
      results += 1;
    else faults.push(`${file}: the output ${name} that was recorded is not in it`);
  }

const lines = [...counted.values()].reduce((sum, count) => sum + count, 0);
console.log(`${links.length} seals, ${ranges} ranges, ${lines} lines, ${results} outputs looked at.`);
for (const fault of faults) console.log(`BROKEN ${fault}`);
console.log(
  faults.length === 0 ? 'The record is what it was when it was sealed.' : 'The record is not what it was.',
);
process.exitCode = faults.length === 0 ? 0 : 1;
