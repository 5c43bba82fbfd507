/**
 * The arrows of docs/ARCHITECTURE.md as rules over the whole import graph: apps → {rules | I/O} → contracts → core.
 * Read by scripts/check-layers.mjs. Tests may look further (another package's twins), but never up into an app or sideways into e2e.
 */
const rulePackages = 'constitution|safety|budget|ledger|community';
const ioPackages = 'queue|model|home|config|platform';
const test = '\\.test\\.tsx?$|/src/testing/|^packages/e2e/|^apps/[^/]+/e2e/';
const workspace = '^(packages|apps)/';
/** @type {import('dependency-cruiser').DependencyType[]} */
const npm = ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', 'npm-unknown'];

/**
 * Package `from` may import no workspace package but itself and those named.
 * @param {string} from @param {string} allowed @param {string} because @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const only = (from, allowed, because) => ({
  name: `${from}-imports-only-${allowed || 'itself'}`,
  comment: because,
  severity: 'error',
  from: { path: `^packages/(${from})/`, pathNot: test },
  to: { path: workspace, pathNot: `^packages/($1${allowed && `|${allowed}`})/` },
});

/**
 * Only files under `path` may import the npm package `name`.
 * @param {string} name @param {string} path @param {string} because @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const onlyIn = (name, path, because) => ({
  name: `${name}-only-in-its-place`,
  comment: because,
  severity: 'error',
  from: { path: workspace, pathNot: path },
  to: { path: `(^|/)node_modules/${name}/` },
});

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const forbidden = [
  only('core', '', 'core is the lowest layer'),
  only('contracts', 'core', 'contracts are shapes and folds over core'),
  only(
    'constitution|budget|ledger',
    'core|contracts',
    'rules decide on values; they meet I/O only in the apps',
  ),
  only('safety', 'core|contracts|constitution', 'safety → constitution is its one sideways arrow'),
  only('community', 'core|contracts|ledger', 'community → ledger is its one sideways arrow'),
  only(ioPackages, 'core|contracts', 'I/O packages take what they need as ports; the apps hand it in'),
  {
    name: 'apps-import-no-app',
    comment: 'processes meet over HTTP, IPC and the record, never by import',
    severity: 'error',
    from: { path: '^apps/([^/]+)/' },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  {
    name: 'packages-import-no-app',
    severity: 'error',
    from: { path: '^packages/' },
    to: { path: '^apps/' },
  },
  {
    name: 'nothing-depends-on-e2e',
    severity: 'error',
    from: { pathNot: '^packages/e2e/' },
    to: { path: '^packages/e2e/' },
  },
  {
    name: 'only-through-the-entry',
    comment: 'a package is what its index.ts exports',
    severity: 'error',
    from: { path: '^((?:packages|apps)/[^/]+)/' },
    to: {
      path: workspace,
      pathNot: ['^$1/', '^packages/[^/]+/src/(testing/)?index\\.ts$'],
    },
  },
  {
    name: 'testing-only-from-tests',
    comment: 'suites and twins are for tests',
    severity: 'error',
    from: { path: workspace, pathNot: test },
    to: { path: '/src/testing/|\\.test\\.tsx?$' },
  },
  {
    name: 'page-imports-only-shapes',
    comment: 'the page runs in a browser and is told everything by its server',
    severity: 'error',
    from: { path: '^apps/control-panel/web/', pathNot: 'vite\\.config\\.ts$' },
    to: { path: workspace, pathNot: '^apps/control-panel/web/|^packages/(core|contracts)/' },
  },
  {
    name: 'pure-knows-no-node',
    comment: 'no files, no network, no process in pure code; hashing is arithmetic',
    severity: 'error',
    from: {
      path: `^packages/(core|contracts|${rulePackages})/|^packages/queue/src/plan[./]`,
      pathNot: test,
    },
    to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
  },
  {
    name: 'hashing-only-in-contracts',
    severity: 'error',
    from: { path: `^packages/(core|${rulePackages})/`, pathNot: test },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'pure-needs-no-library',
    comment: 'zod in contracts is the one exception',
    severity: 'error',
    from: { path: `^packages/(core|contracts|${rulePackages})/`, pathNot: test },
    to: { dependencyTypes: npm, pathNot: '(^|/)node_modules/(zod|@vivarium)/' },
  },
  {
    name: 'zod-only-above-the-rules',
    severity: 'error',
    from: { path: `^packages/(core|${rulePackages})/`, pathNot: test },
    to: { path: '(^|/)node_modules/zod/' },
  },
  onlyIn('groq-sdk', '^packages/model/src/groq', 'one place speaks to Groq'),
  onlyIn('proper-lockfile', '^packages/platform/', 'one place locks files'),
  onlyIn('undici', '^packages/(model|e2e)/', 'connections are pooled by those who keep them'),
  {
    name: 'no-cycle',
    comment: 'whoever is loaded first finds the other half built; types alone are not loaded',
    severity: 'error',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'no-orphan',
    comment: 'imported by nothing, importing nothing: forgotten',
    severity: 'error',
    from: {
      orphan: true,
      pathNot: [
        test,
        '\\.d\\.ts$',
        '^packages/[^/]+/src/index\\.ts$',
        '^apps/[^/]+/src/main\\.ts$',
        '^apps/control-panel/web/src/open\\.ts$',
        'vite\\.config\\.ts$',
      ],
    },
    to: {},
  },
  {
    name: 'everything-resolves',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
];

export default {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|apps)/[^/]+/((web/)?dist|bundle)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['vivarium-src', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.d.ts', '.mjs', '.js', '.json'],
    },
  },
};
