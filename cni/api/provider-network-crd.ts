import { apiGroup, apiVersion } from './names.ts'

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

const condition = {
  type: 'object',
  required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
  properties: {
    type: { type: 'string', maxLength: 316 },
    status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
    reason: { type: 'string', maxLength: 1024 },
    message: { type: 'string', maxLength: 32_768 },
    observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
    lastTransitionTime: { type: 'string', format: 'date-time' },
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
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: condition,
    },
  },
}

const column = (name: string, type: string, jsonPath: string) => ({ name, type, jsonPath })

/** The CustomResourceDefinition of ProviderNetwork. */
export function providerNetworkCrd() {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `providernetworks.${apiGroup}`, labels: { 'app.kubernetes.io/name': 'zstack-ovn-kubernetes' } },
    spec: {
      group: apiGroup,
      scope: 'Cluster',
      names: {
        plural: 'providernetworks',
        singular: 'providernetwork',
        kind: 'ProviderNetwork',
        listKind: 'ProviderNetworkList',
        shortNames: ['pn'],
      },
      versions: [
        {
          name: apiVersion,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            column('Interface', 'string', '.spec.defaultInterface'),
            column('Ready', 'integer', '.status.readyNodes'),
            column('NotReady', 'integer', '.status.notReadyNodes'),
            column('Age', 'date', '.metadata.creationTimestamp'),
          ],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: 'A physical network that Subnets with `provider` live on.',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                // A name becomes part of ovn-bridge-mappings, where colon and comma mean something.
                metadata: {
                  type: 'object',
                  properties: { name: { type: 'string', maxLength: 63, pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' } },
                },
                spec,
                status,
              },
            },
          },
        },
      ],
    },
  }
}
