/** The arrows of ARCHITECTURE.md: what may import what. Everything not allowed here is forbidden. */
const outer = ['b2bua', 'media', 'store', 'genesys', 'http', 'cometd', 'console', 'embedded'];

/** @param {string} folder @param {string[]} allowed other folders and root files it may import */
const only = (folder, allowed) => ({
  name: `arrows-of-${folder}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [`^src/${folder}/`, ...allowed.map((each) => `^src/${each}`)] },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: ['\\.d\\.ts$'] }, to: {} },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the-core-is-pure',
      severity: 'error',
      comment: 'coaching imports no package and no node: module',
      from: { path: '^src/coaching/' },
      to: { pathNot: '^src/coaching/' },
    },
    {
      name: 'embedded-only-from-app',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/app/engines\\.ts$', '^src/embedded/'] },
      to: { path: '^src/embedded/' },
    },
    {
      name: 'app-folder-only-from-app',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/app(\\.ts$|/)' },
      to: { path: '^src/app/' },
    },
    {
      name: 'app-only-from-main',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main\\.ts$' },
      to: { path: '^src/app\\.ts$' },
    },
    only('genesys', ['coaching/']),
    only('http', ['genesys/', 'coaching/', 'log\\.ts$', 'config\\.ts$']),
    only('cometd', ['genesys/', 'coaching/', 'log\\.ts$', 'config\\.ts$']),
    only('b2bua', ['coaching/', 'log\\.ts$', 'config\\.ts$']),
    only('media', ['coaching/', 'log\\.ts$', 'config\\.ts$']),
    only('store', ['coaching/', 'log\\.ts$', 'config\\.ts$']),
    only('console', []),
    only('embedded', []),
    {
      name: 'log-and-config-as-types-only',
      severity: 'error',
      from: { path: `^src/(${outer.join('|')})/` },
      to: { path: '^src/(log|config)\\.ts$', dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
