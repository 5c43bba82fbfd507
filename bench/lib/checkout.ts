/** Where the programs are that a bench runs, and what of the environment they are given: nothing that could lead to a provider or another home. */
import { fileURLToPath } from 'node:url';

const checkout = new URL('../../../', import.meta.url);

export const inCheckout = (path: string): string => fileURLToPath(new URL(path, checkout));

const PASSED_ON = ['PATH', 'HOME', 'NODE_OPTIONS', 'VIVARIUM_BENCH_PROFILES'];

export const bareEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
