/** The environment of this process. The only place in the system that looks at it. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const processEnvironment = (): Environment => process.env;

/** The home somebody chose by VIVARIUM_HOME; must be known before `<home>/.env` can be read. */
export const homeVariable = (env: Environment): string | undefined => env['VIVARIUM_HOME'];
