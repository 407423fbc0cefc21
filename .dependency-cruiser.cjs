/** The directions in which modules may depend on each other; each rule has a name and a reason. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', comment: 'A cycle has no beginning to read from.', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'domain-is-pure', comment: 'Decisions take facts and return decisions; only zod and its own files.', severity: 'error', from: { path: '^lib/domain/' }, to: { pathNot: ['^lib/domain/', '^node_modules/zod/'] } },
    { name: 'aws-knows-domain-only', comment: 'AWS modules do, they do not decide.', severity: 'error', from: { path: '^lib/aws/' }, to: { path: '^(lib/(steps|infra|cli|plan-file)|lambdas|bin|sim|rehearsal)/' } },
    { name: 'sdk-only-in-aws', comment: 'SDK types and errors are seen in one place.', severity: 'error', from: { path: '^(lib/(?!aws/)|lambdas/|bin/)' }, to: { path: '^node_modules/@(aws-sdk|smithy)/' } },
    { name: 'cdk-only-in-infra', comment: 'The runtime never needs the CDK.', severity: 'error', from: { pathNot: '^(lib/infra/|bin/app\\.ts|test/infra/|node_modules/)' }, to: { path: '^node_modules/(aws-cdk-lib|constructs|cdk-nag)/' } },
    { name: 'infra-not-steps', comment: 'The stack shares names with the runtime, not code.', severity: 'error', from: { path: '^lib/infra/' }, to: { path: '^lib/(steps|aws|cli)/' } },
    { name: 'lambdas-open-the-door', comment: 'An entry parses and calls its step.', severity: 'error', from: { path: '^lambdas/' }, to: { pathNot: '^lib/(steps|domain|aws)/' } },
    { name: 'sim-knows-no-product', comment: 'The ground truth may not share code with what it judges.', severity: 'error', from: { path: '^sim/' }, to: { path: '^(lib|lambdas|bin|rehearsal)/' } },
    { name: 'product-knows-no-sim', comment: 'What is deployed never contains the simulator.', severity: 'error', from: { path: '^(lib|lambdas)/' }, to: { path: '^(sim|rehearsal)/' } },
    { name: 'nothing-imports-test', comment: 'Tests are leaves.', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'], mainFields: ['module', 'main', 'types'] },
  },
};
