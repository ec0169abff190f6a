import { CIDR4, CIDR6, column, conditions, definition, labelSelector, V4, V6 } from './crd-parts.ts'
import { announcing } from './load-balancer-pool-crd.ts'

const spec = {
  type: 'object',
  description: 'Which pods leave with which source.',
  required: ['addresses'],
  properties: {
    addresses: {
      type: 'array',
      description: 'Source addresses, of both families. A pod uses one of each family; pods are spread over several.',
      minItems: 1,
      maxItems: 64,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', maxLength: 45, pattern: `^(${V4}|${V6})$` },
    },
    namespaceSelector: labelSelector('Pods of these namespaces.'),
    podSelector: labelSelector('Pods with these labels.'),
    subnets: {
      type: 'array',
      description: 'Pods on these Subnets.',
      minItems: 1,
      maxItems: 256,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', minLength: 1, maxLength: 253 },
    },
    excludedCIDRs: {
      type: 'array',
      description: 'Destinations that pods reach as if this EgressIP did not exist.',
      maxItems: 64,
      items: { type: 'string', maxLength: 49, pattern: `^(${CIDR4}|${CIDR6})$` },
    },
    ...announcing,
  },
  'x-kubernetes-validations': [
    {
      rule: 'has(self.namespaceSelector) || has(self.podSelector) || has(self.subnets)',
      message:
        'say whose traffic: namespaceSelector, podSelector or subnets; all that are there must select a pod (an empty selector selects every pod)',
    },
  ],
}

const item = {
  type: 'object',
  required: ['address', 'node'],
  properties: { address: { type: 'string' }, node: { type: 'string' } },
}

const status = {
  type: 'object',
  description: 'What became of it.',
  properties: {
    items: {
      type: 'array',
      description: 'Addresses, each with the node that holds it.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['address'],
      items: item,
    },
    conditions,
  },
}

/** The CustomResourceDefinition of EgressIP. */
export function egressIPCrd() {
  return definition({
    kind: 'EgressIP',
    plural: 'egressips',
    shortName: 'eip',
    description: 'A fixed source address for what pods send to the world.',
    printerColumns: [
      column('Addresses', 'string', '.spec.addresses'),
      column('Nodes', 'string', '.status.items[*].node'),
      column('Ready', 'string', '.status.conditions[?(@.type=="Ready")].status'),
      column('Age', 'date', '.metadata.creationTimestamp'),
    ],
    spec,
    status,
  })
}
