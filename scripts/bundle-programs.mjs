/**
 * Puts each program into a few files: apps/<app>/bundle/main.js, from what the compiler wrote to dist/, with all it imports. Node reads and links every
 * module by itself, so a program of two hundred files spends most of its start on that (docs/decisions/2026-11-26-programs-in-few-files.md).
 */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { build } from 'vite';

const apps = fileURLToPath(new URL('../apps', import.meta.url));

for (const app of readdirSync(apps).filter((name) => existsSync(join(apps, name, 'dist/main.js')))) {
  await build({
    configFile: false,
    root: join(apps, app),
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: 'dist/main.js',
      outDir: 'bundle',
      emptyOutDir: true,
      minify: false,
      target: 'node20',
      // Beside main.js, so that paths from one's own place mean the same in every file.
      rolldownOptions: { output: { chunkFileNames: '[name]-[hash].js' } },
    },
  });
}
