// The rooms may only lean on the rooms above them. This list is the rule; docs/architecture.md draws it.
const order = [
  'core/inet',
  'core/process',
  'core/ovsdb',
  'core/reconcile',
  'core/kube',
  'core/ovn',
  'core/ovs',
  'core/linux',
]
const products = ['cni']
const onlyAbove = order.map((room, i) => ({
  name: `${room}-leans-only-on-rooms-above`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: {
    path: order
      .slice(i + 1)
      .concat(products, ['lab', 'bench'])
      .map(p => `^${p}/`)
      .join('|'),
  },
}))
export default {
  forbidden: [
    ...onlyAbove,
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'products-do-not-know-lab-or-bench',
      severity: 'error',
      from: { path: '^(core|cni)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(lab|bench)/' },
    },
    {
      name: 'rooms-are-entered-by-their-index',
      severity: 'error',
      from: { path: '^(core/[^/]+|cni/[^/]+)/' },
      to: { path: '^core/[^/]+/', pathNot: ['^$1/', '^core/[^/]+/index\\.ts$', '^core/[^/]+/testing\\.ts$'] },
    },
    {
      name: 'client-node-types-only',
      severity: 'error',
      from: { path: '^(core|cni)/' },
      to: { path: '@kubernetes/client-node', dependencyTypesNot: ['type-only'] },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
}
