import { CIDR4, CIDR6, column, conditions, definition, labelSelector, V4, V6 } from './crd-parts.ts'

const range = `(${V4}(-${V4})?|${V6}(-${V6})?)`
const linkName = '^[^/ :]{1,15}$'

/** Where and how the addresses of a pool or an EgressIP are announced. */
export const announcing = {
  announce: {
    type: 'string',
    description:
      'arp: the node that holds an address answers ARP and neighbour discovery for it. none: not by us, a BGP agent tells the neighbours.',
    enum: ['arp', 'none'],
    default: 'arp',
  },
  interface: {
    type: 'string',
    description: 'Interface of the nodes to announce on; without it the one whose network has the address.',
    pattern: linkName,
  },
  nodeSelector: labelSelector('Nodes that may hold addresses; without it all.'),
}

const spec = {
  type: 'object',
  description: 'Which addresses, for whom, and how they are announced.',
  required: ['addresses'],
  properties: {
    addresses: {
      type: 'array',
      description:
        'Addresses to give: CIDRs (all of their addresses, the first and the last included), single ones, and ranges (first-last).',
      minItems: 1,
      maxItems: 256,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', maxLength: 93, pattern: `^(${CIDR4}|${CIDR6}|${range})$` },
    },
    excludeIPs: {
      type: 'array',
      description:
        'Addresses and ranges (first-last) of those that are never given. Those in use stay with their Services.',
      maxItems: 256,
      items: { type: 'string', maxLength: 93, pattern: `^${range}$` },
    },
    namespaceSelector: labelSelector('Namespaces whose Services may have addresses; without it all.'),
    serviceSelector: labelSelector('Services that may have addresses; without it all.'),
    autoAssign: {
      type: 'boolean',
      description: 'false: only for Services that name the pool or one of its addresses.',
      default: true,
    },
    ...announcing,
  },
}

const status = {
  type: 'object',
  description: 'What became of it.',
  properties: {
    usedIPs: { type: 'integer', format: 'int64', description: 'Addresses that Services have.' },
    availableIPs: { type: 'integer', format: 'int64', description: 'Addresses that can still be given.' },
    conditions,
  },
}

/** The CustomResourceDefinition of LoadBalancerPool. */
export function loadBalancerPoolCrd() {
  return definition({
    kind: 'LoadBalancerPool',
    plural: 'loadbalancerpools',
    shortName: 'lbp',
    description: 'Addresses for Services of type LoadBalancer.',
    printerColumns: [
      column('Addresses', 'string', '.spec.addresses'),
      column('Announce', 'string', '.spec.announce'),
      column('Ready', 'string', '.status.conditions[?(@.type=="Ready")].status'),
      column('Available', 'integer', '.status.availableIPs'),
      column('Used', 'integer', '.status.usedIPs'),
      column('Age', 'date', '.metadata.creationTimestamp'),
    ],
    spec,
    status,
  })
}
