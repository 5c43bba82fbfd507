/**
 * Finding a Chromium for the tests that need a real browser, in this order: CHROMIUM_PATH, one that is installed, the one inside an npm
 * package (linux-x64). Where there is none the tests are skipped, and the reason is printed.
 *
 * The npm one unpacks itself into the temporary directory under fixed names. Names anybody could have planted there are not trusted: it gets
 * a private directory of its own, which is removed at the end.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

export interface FoundBrowser {
  readonly kind: 'found';
  readonly path: string;
  readonly from: string;
  /** What the process needs beside its own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Removes what was unpacked for it. */
  readonly remove: () => void;
}
export type BrowserSearch = FoundBrowser | { readonly kind: 'none'; readonly reason: string };

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

export async function findBrowser(): Promise<BrowserSearch> {
  const asked = process.env['CHROMIUM_PATH'];
  if (asked !== undefined && asked !== '') {
    return existsSync(asked)
      ? plain(asked, 'CHROMIUM_PATH')
      : { kind: 'none', reason: `CHROMIUM_PATH names ${asked}, which is not there` };
  }
  // A stub that only tells how to install the real one (Ubuntu's) is there and yet does not start.
  const installed = INSTALLED.find((path) => existsSync(path) && starts(path));
  if (installed !== undefined) return plain(installed, 'installed');
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      kind: 'none',
      reason: `no Chromium is installed, and there is none on npm for ${process.platform}-${process.arch}; set CHROMIUM_PATH`,
    };
  }
  return unpack();
}

/** Starts the browser found, headless and without anything it would do by itself. */
export async function launch(found: FoundBrowser): Promise<Browser> {
  return chromium.launch({
    executablePath: found.path,
    headless: true,
    // Chromium refuses to run as root inside its sandbox; anybody else keeps it.
    chromiumSandbox: process.getuid?.() !== 0,
    args: process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS,
    env: { ...definedEnv(), ...found.env, LANG: 'en_US.UTF-8' },
  });
}

const plain = (path: string, from: string): FoundBrowser => ({
  kind: 'found',
  path,
  from,
  env: {},
  remove: () => undefined,
});

function starts(path: string): boolean {
  const tried = spawnSync(path, ['--version'], { timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] });
  return tried.status === 0 && /chrom/i.test(tried.stdout.toString());
}

async function unpack(): Promise<BrowserSearch> {
  const directory = mkdtempSync(join(tmpdir(), 'vivarium-chromium-'));
  chmodSync(directory, 0o700);
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    // Both are read when the package is loaded and when it unpacks.
    const before = { TMPDIR: process.env['TMPDIR'], AWS_EXECUTION_ENV: process.env['AWS_EXECUTION_ENV'] };
    Object.assign(process.env, { TMPDIR: directory, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' });
    const { default: packed } = await import('@sparticuz/chromium');
    const path = await packed.executablePath();
    restore(before);
    own(directory);
    return { kind: 'found', path, from: '@sparticuz/chromium', env: environmentIn(directory), remove };
  } catch (error) {
    remove();
    return {
      kind: 'none',
      reason: `the Chromium of npm could not be unpacked: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

function restore(before: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

/** Its archives unpack as the user they were made by; as root that is somebody else. */
function own(directory: string): void {
  const [user, group] = [process.getuid?.(), process.getgid?.()];
  if (user !== 0 || group === undefined) return;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), user, group);
  }
}

/** Its libraries and its fonts; without a fonts.conf of our own text has no width and no element is visible. */
function environmentIn(directory: string): Readonly<Record<string, string>> {
  const cache = join(directory, 'fontconfig');
  mkdirSync(cache, { recursive: true });
  const config = join(directory, 'fonts.conf');
  const places = ['/usr/share/fonts', '/usr/local/share/fonts', join(directory, 'fonts')];
  writeFileSync(
    config,
    `<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n<fontconfig>${places.map((place) => `<dir>${place}</dir>`).join('')}<cachedir>${cache}</cachedir></fontconfig>\n`,
  );
  return {
    LD_LIBRARY_PATH: join(directory, 'al2023', 'lib'),
    FONTCONFIG_FILE: config,
    HOME: directory,
    TMPDIR: directory,
  };
}

const definedEnv = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
