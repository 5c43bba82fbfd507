/**
 * The process of grind. Owns its wiring and its end. The only process that reads the key.
 *
 * By hand it says one line and obeys SIGINT, SIGTERM and SIGHUP: the first lets calls under way end, the second cuts them. Forked, it tells its
 * parent that it is up, leaves signals of the terminal to it, and leaves when it is gone, also after kill -9.
 * Exit codes: 0 left as told · 1 something impossible · 2 usage · 4 cannot work here: configuration, home, port, another grind.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createModels } from '@vivarium/budget';
import { homeVariable, loadConfig, processEnvironment, type Config } from '@vivarium/config';
import { homeIdOf, homeLayout, type ModelProvider, type ServiceMessage } from '@vivarium/contracts';
import { isVivariumError, messageOf, VivariumError } from '@vivarium/core';
import {
  createBudgetStore,
  createControlStore,
  createRecordStore,
  createTokenStore,
  initHome,
  readModelsFile,
  resolveHome,
  runFiles,
} from '@vivarium/home';
import { createGroqProvider } from '@vivarium/model';
import { createNodeMachine } from '@vivarium/platform';
import { pino } from 'pino';
import { z } from 'zod';
import type { Tls } from './app.ts';
import { createGrind } from './create-grind.ts';
import { readFlags, usage, type Flags } from './flags.ts';
import { createLiveLimits } from './live-limits.ts';
import { createReplyCache, NO_CACHE } from './reply-cache.ts';
import { createTurns } from './turns.ts';

/** Calls to the provider at a time; further ones wait for a connection. */
const CONNECTIONS = 256;
/** A parent that is gone wants no answers any more; what is under way may be recorded still. */
const ORPHAN_PATIENCE_MS = 10_000;

const checkout = fileURLToPath(new URL('../../../', import.meta.url));
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')));
const machine = createNodeMachine();
const forked = process.send !== undefined;

/** Tells the parent, or by hand whoever reads standard output. */
const say = async (message: ServiceMessage, line: string): Promise<void> =>
  new Promise((resolve) => {
    if (forked) process.send?.(message, undefined, undefined, () => resolve());
    else process.stdout.write(`${line}\n`, () => resolve());
  });

async function serve(flags: Flags): Promise<void> {
  const { files } = machine;
  const env = processEnvironment();
  const root = resolveHome(
    { flag: flags.home, env: homeVariable(env), cwd: process.cwd(), fallback: checkout },
    files,
  );
  const layout = homeLayout(root);
  const home = homeIdOf(root);
  const models = createModels(readModelsFile(layout, files));
  const readConfig = (): Config =>
    loadConfig({
      env,
      envFile: files.readText(layout.env),
      flags: {
        runCapUsd: flags.runCap,
        dayCapUsd: flags.dayCap,
        durability: flags.durability,
        listen: flags.listen,
        tlsCert: flags.tlsCert,
        tlsKey: flags.tlsKey,
        unencrypted: flags.unencrypted ? 'allow' : undefined,
      },
      knownModels: models.ids,
    });
  const config = readConfig();
  const provider = providerFor(flags, config);
  initHome(layout, files);

  const turns = createTurns(setImmediate);
  const record = createRecordStore({
    layout,
    home,
    machine,
    durability: config.durability,
    secrets: config.upstream.kind === 'groq' ? [config.upstream.apiKey] : [],
    soon: setImmediate,
    onWrite: turns.forgetAll,
  });
  // Also holds that wait: a call that was never made is then charged in full, which is safe; an end that was lost would be no safer, and tell less.
  process.on('exit', () => record.flush());
  const runs = runFiles(layout, machine);
  // Forked, the terminal is the parent's: what people should know is in the action log.
  const diagnostics = pino(
    { level: forked ? 'error' : 'warn', base: { name: 'grind' } },
    pino.destination({ dest: 2, sync: true }),
  );
  const tell = (code: 'config_invalid' | 'record_unwritable', detail: string): void => {
    diagnostics.error({ code }, detail);
    record.act({ actor: 'grind', action_type: 'ERROR', action: code, detail, event: 'grind.trouble' });
  };
  const grind = createGrind({
    home,
    machine,
    record,
    control: createControlStore({ layout, machine, record, lookOnceATurn: turns.forgetting }),
    openBudget: (also) =>
      createBudgetStore({
        record,
        layout,
        machine,
        also,
        onNoCheckpoint: (why) =>
          tell(
            'record_unwritable',
            `No checkpoint of the money could be written, so the next start reads more: ${why}`,
          ),
      }),
    models,
    breakerRules: config.breaker,
    cache: config.replyCache === 'on' ? createReplyCache() : NO_CACHE,
    run: runs,
    provider,
    defaultModel: config.defaultModel,
    limits: createLiveLimits({
      path: layout.env,
      files,
      clock: machine.clock,
      read: () => {
        const { runCap: directCap, dayCap } = readConfig();
        return { directCap, dayCap };
      },
      onFault: (detail) => tell('config_invalid', detail),
    }),
    announced: (runId) => runs.readRun(runId),
    defaultDeadlineMs: config.workerTimeoutMs,
    version,
    tokens: createTokenStore({ layout, machine, record }),
    network: config.network && { ...config.network, tls: config.network.tls && readTls(config.network.tls) },
    diagnostics,
  });

  const leave = (how: 'drain' | 'now'): void =>
    void grind.stop(how).then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  let told = 0;
  const obey = (): void => leave((told += 1) === 1 ? 'drain' : 'now');
  process.on('SIGTERM', obey);
  // A terminal sends these to every process in it: the parent decides what they mean.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => (forked ? undefined : obey()));
  // A limit on the size of files is a full disk like any other: the write fails. Node ignores this signal; proper-lockfile's exit hook would
  // take it, and end the process, if nobody else listened.
  process.on('SIGXFSZ', () => undefined);
  const orphaned = (): void => {
    leave('drain');
    setTimeout(() => leave('now'), ORPHAN_PATIENCE_MS).unref();
  };
  process.on('disconnect', orphaned);

  const { url, network } = await grind.listen(flags.port);
  const mark = provider.simulated ? ', simulated: no real model is asked' : '';
  const also = network === undefined ? '' : ` and, with a token, ${network}`;
  await say(
    { kind: 'ready', url, pid: process.pid },
    `grind ${version} for ${root} at ${url}${also} (${provider.name}${mark})`,
  );
  // It may have gone while this process was starting.
  if (forked && !process.connected) orphaned();
}

function readTls({ certPath, keyPath }: { certPath: string; keyPath: string }): Tls {
  const read = (variable: string, path: string): string => {
    const text = machine.files.readText(path);
    if (text !== undefined) return text;
    throw new VivariumError('config_invalid', `${variable}: there is no ${path}`, {
      remedy: { kind: 'stop' },
      hint: 'Name the PEM files of a certificate and its key.',
    });
  };
  return { cert: read('VIVARIUM_TLS_CERT', certPath), key: read('VIVARIUM_TLS_KEY', keyPath) };
}

function providerFor(flags: Flags, config: Config): ModelProvider {
  const { clock } = machine;
  if (flags.simulator !== undefined) {
    return createGroqProvider({
      name: 'simulator',
      simulated: true,
      apiKey: 'no-key-is-needed',
      baseUrl: flags.simulator,
      connections: CONNECTIONS,
      clock,
    });
  }
  if (config.upstream.kind === 'simulator') {
    throw new VivariumError('config_invalid', 'there is no GROQ_API_KEY, and no --simulator', {
      remedy: { kind: 'stop' },
      hint: 'Set GROQ_API_KEY in the environment or in .env of the home, or let `orchestrator start` bring the simulator.',
    });
  }
  const { apiKey, origin } = config.upstream;
  return createGroqProvider({
    name: 'groq',
    simulated: false,
    apiKey,
    baseUrl: origin,
    connections: CONNECTIONS,
    clock,
  });
}

/** The last word of a grind that cannot start, or that something impossible happened to. */
async function fail(error: unknown): Promise<never> {
  const known = isVivariumError(error) ? error : undefined;
  const code = known?.code ?? 'internal';
  const hint = known?.hint;
  process.stderr.write(
    `grind: ${code}: ${messageOf(error)}\n${hint === undefined ? '' : `grind: ${hint}\n`}`,
  );
  if (known === undefined && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  if (forked)
    await say(
      {
        kind: 'failed',
        code,
        message: messageOf(error),
        ...(hint === undefined ? {} : { hint }),
        ...(known === undefined ? {} : { remedy: known.remedy.kind }),
      },
      '',
    );
  process.exit(known === undefined ? 1 : 4);
}

const command = readFlags(process.argv.slice(2));
switch (command.kind) {
  case 'help':
    process.stdout.write(`${usage}\n`);
    process.disconnect?.();
    break;
  case 'faulty':
    process.stderr.write(
      `${command.problems.map((problem) => `grind: ${problem}\n`).join('')}grind: --help lists the flags\n`,
    );
    process.exitCode = 2;
    process.disconnect?.();
    break;
  case 'flags':
    await serve(command.flags).catch(fail);
}
