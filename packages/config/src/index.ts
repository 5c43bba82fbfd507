export { withVariable } from './env-file.ts';
export { homeVariable, processEnvironment, sealDirectory, type Environment } from './environment.ts';
export {
  loadConfig,
  type Config,
  type ConfigFlags,
  type ConfigSources,
  type NetworkAt,
  type Upstream,
} from './load-config.ts';
export { scrubbedEnv } from './scrubbed-env.ts';
