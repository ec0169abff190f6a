import { column, definition, labelSelector } from './crd-parts.ts'

const name = { type: 'string', minLength: 1, maxLength: 255 }

const spec = {
  type: 'object',
  description: 'What the node is to learn from DNS answers that its pods get; written by the controller.',
  required: ['names', 'servers', 'pods'],
  properties: {
    names: {
      type: 'array',
      description: 'Domain names that policies have as peers.',
      'x-kubernetes-list-type': 'set',
      items: name,
    },
    servers: {
      type: 'array',
      description: 'Networks of the DNS servers that are believed.',
      items: { type: 'string', maxLength: 49 },
    },
    pods: {
      type: 'array',
      description: 'Whose answers count: pods that any of these selects.',
      items: {
        type: 'object',
        properties: {
          namespaceSelector: labelSelector('Pods of these namespaces; without it all.'),
          podSelector: labelSelector('Pods with these labels; without it all.'),
        },
      },
    },
  },
}

const address = {
  type: 'object',
  required: ['address', 'until'],
  properties: {
    address: { type: 'string', maxLength: 45 },
    until: { type: 'string', description: 'When it is forgotten unless it is heard again.', format: 'date-time' },
  },
}

const status = {
  type: 'object',
  description: 'What the node has learned; written by its agent.',
  properties: {
    names: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name', 'addresses'],
        properties: {
          name,
          addresses: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['address'],
            items: address,
          },
        },
      },
    },
  },
}

/** The CustomResourceDefinition of ResolvedNames. */
export function resolvedNamesCrd() {
  return definition({
    kind: 'ResolvedNames',
    plural: 'resolvednames',
    shortName: 'rn',
    description: 'Addresses of domain names that policies name, as pods of a node heard them from DNS.',
    printerColumns: [
      column('Learned', 'string', '.status.names[*].name'),
      column('Age', 'date', '.metadata.creationTimestamp'),
    ],
    spec,
    status,
  })
}
