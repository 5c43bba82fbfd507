import { join, resolve } from 'node:path';

/** The environment of this process. The only place in the system that looks at it. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const processEnvironment = (): Environment => process.env;

/** The home somebody chose by VIVARIUM_HOME; must be known before `<home>/.env` can be read. */
export const homeVariable = (env: Environment): string | undefined => env['VIVARIUM_HOME'];

/** Where the key that signs the record is kept: VIVARIUM_SEAL_DIR, or beside the user's other settings. Undefined when the user has no place for any. */
export function sealDirectory(env: Environment): string | undefined {
  const chosen = env['VIVARIUM_SEAL_DIR'] ?? '';
  if (chosen !== '') return resolve(chosen);
  const settings = env['XDG_CONFIG_HOME'] ?? '';
  if (settings.startsWith('/')) return join(settings, 'vivarium');
  const user = env['HOME'] ?? env['USERPROFILE'] ?? '';
  return user === '' ? undefined : join(user, '.config', 'vivarium');
}
