import { column, conditions, definition } from './crd-parts.ts'

const linkName = { type: 'string', minLength: 1, maxLength: 15, pattern: '^[^/\\s]+$' }
const nodeName = { type: 'string', minLength: 1, maxLength: 253 }

const spec = {
  type: 'object',
  description: 'By which interface each node reaches the network.',
  properties: {
    defaultInterface: { ...linkName, description: 'Interface of every node that nothing else is said for.' },
    customInterfaces: {
      type: 'array',
      description: 'Other interfaces; the first entry that names a node, or selects it by its labels, decides.',
      maxItems: 256,
      items: {
        type: 'object',
        required: ['interface'],
        properties: {
          interface: linkName,
          nodes: { type: 'array', maxItems: 1024, items: nodeName },
          nodeSelector: {
            type: 'object',
            description: 'Labels that a node must have, all of them.',
            additionalProperties: { type: 'string' },
          },
        },
      },
    },
    excludeNodes: {
      type: 'array',
      description: 'Nodes without a way into the network.',
      maxItems: 1024,
      items: nodeName,
    },
    allowAddresses: {
      type: 'boolean',
      description: 'Take an interface although it has addresses: whatever used them stops working.',
    },
  },
}

const status = {
  type: 'object',
  properties: {
    readyNodes: { type: 'integer', description: 'Nodes that reach the network.' },
    notReadyNodes: { type: 'integer', description: 'Nodes that shall, and do not.' },
    nodes: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['node'],
      items: {
        type: 'object',
        required: ['node', 'ready'],
        properties: {
          node: { type: 'string' },
          ready: { type: 'boolean' },
          reason: { type: 'string' },
          message: { type: 'string' },
          bridge: { type: 'string' },
          interface: { type: 'string' },
        },
      },
    },
    conditions,
  },
}

/** The CustomResourceDefinition of ProviderNetwork. */
export function providerNetworkCrd() {
  return definition({
    kind: 'ProviderNetwork',
    plural: 'providernetworks',
    shortName: 'pn',
    description: 'A physical network that Subnets with `provider` live on.',
    printerColumns: [
      column('Interface', 'string', '.spec.defaultInterface'),
      column('Ready', 'integer', '.status.readyNodes'),
      column('NotReady', 'integer', '.status.notReadyNodes'),
      column('Age', 'date', '.metadata.creationTimestamp'),
    ],
    // A name becomes part of ovn-bridge-mappings, where colon and comma mean something.
    name: { type: 'string', maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' },
    spec,
    status,
  })
}
