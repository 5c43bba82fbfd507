export {
  createScriptedProvider,
  type Script,
  type ScriptedOptions,
  type ScriptedProvider,
  type ScriptStep,
} from '../scripted/scripted-provider.ts';
export {
  describeModelProvider,
  type Arrangement,
  type ModelProviderUnderTest,
} from './describe-model-provider.ts';
