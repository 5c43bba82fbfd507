/** The HTTP face before a desk in memory: asked without a port, as if it listened on one. */
import { createModels } from '@vivarium/budget';
import { createApp, type AppDeps, type Door } from '../app.ts';
import type { App } from '../plugins/zod-validation.ts';
import type { GrindWorld } from './grind-world.ts';

export const PORT = 8420;
export const host = `127.0.0.1:${PORT}`;
const LOOPBACK: Door = { kind: 'loopback', port: () => PORT };
export const NETWORK: Door = { kind: 'network', tls: undefined };

const apps: App[] = [];
export async function closeApps(): Promise<void> {
  for (const app of apps.splice(0)) await app.close();
}

export function appOf(world: GrindWorld, given: Partial<AppDeps> = {}, door: Door = LOOPBACK): App {
  const app = createApp(door, {
    answer: world.desk.calls.answer,
    cancel: world.desk.calls.cancel,
    resetBreaker: world.desk.breakers.reset,
    books: world.desk.books,
    describe: world.desk.describe,
    take: world.desk.rateLimits.take,
    findToken: () => undefined,
    onTrouble: world.desk.onTrouble,
    onStranger: () => undefined,
    health: () => ({
      status: 'ok',
      home: world.home,
      pid: 1,
      version: '1',
      provider: 'simulator',
      simulated: true,
      direct_cap_nano_usd: 1,
      day_cap_nano_usd: 10_000_000_000,
      default_model: 'llama-3.1-8b-instant',
      network: null,
      obeys: [],
      calls: [],
      breakers: [],
      circuits: [],
      paces: [],
    }),
    models: createModels(),
    defaultModel: 'llama-3.1-8b-instant',
    simulated: true,
    clock: world.machine.clock,
    ids: world.machine.ids,
    diagnostics: {
      warn: (_fields, text) => world.diagnostics.push(text),
      error: (fields, text) => world.diagnostics.push(JSON.stringify([fields, text])),
    },
    ...given,
  });
  apps.push(app);
  return app;
}
