import { stringify } from 'yaml'
import { CIDR4, CIDR6, column, conditions, definition, V4, V6 } from './crd-parts.ts'
import { specRules } from './subnet-rules.ts'

const pair = (v4: string, v6: string) => `^(${v4}|${v6}|${v4},${v6}|${v6},${v4})$`

const spec = (ipFunctions: boolean) => ({
  type: 'object',
  description: 'What the network is.',
  required: ['cidr', 'gateway'],
  properties: {
    cidr: {
      type: 'string',
      description:
        'Addresses of the Subnet, such as 10.244.0.0/16; one of each family with a comma for both. Never changes.',
      maxLength: 100,
      pattern: pair(CIDR4, CIDR6),
      'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'cidr never changes: create another Subnet' }],
    },
    gateway: {
      type: 'string',
      description: "The router's address inside cidr; one of each family with a comma for both.",
      maxLength: 100,
      pattern: pair(V4, V6),
    },
    excludeIPs: {
      type: 'array',
      description: 'Addresses and ranges (first-last) that pods never get. Those in use stay with their pods.',
      maxItems: 256,
      items: { type: 'string', maxLength: 93, pattern: `^(${V4}(-${V4})?|${V6}(-${V6})?)$` },
    },
    externalLogicalSwitch: {
      type: 'string',
      description: 'Name of an existing Logical_Switch of ZStack to live on (mode external).',
      minLength: 1,
      maxLength: 253,
    },
    vlanID: { type: 'integer', description: "VLAN tag on the provider's network.", minimum: 1, maximum: 4094 },
    provider: {
      type: 'string',
      description: 'Name of the provider network that carries the Subnet.',
      minLength: 1,
      maxLength: 63,
    },
    protocol: {
      type: 'string',
      description: 'Families of cidr.',
      enum: ['IPv4', 'IPv6', 'Dual'],
      default: 'IPv4',
    },
    default: {
      type: 'boolean',
      description: 'Pods that name no Subnet, in namespaces that no Subnet lists, live here.',
    },
    namespaces: {
      type: 'array',
      description: 'Namespaces whose pods live here. Pods of other namespaces cannot then.',
      maxItems: 1024,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', minLength: 1, maxLength: 63 },
    },
    enableDHCP: { type: 'boolean', description: 'Answer DHCP on the Subnet.' },
    enableServices: {
      type: 'boolean',
      description:
        "Pods of the Subnet reach Services. Default true; false with externalLogicalSwitch, as it sends that switch's machines through conntrack.",
    },
    natOutgoing: {
      type: 'boolean',
      description:
        "What leaves the cluster gets the node's address. False: pods' own addresses go out (overlay Subnets).",
    },
    private: {
      type: 'boolean',
      description: 'Only the Subnet itself, the nodes and allowSubnets may open connections to its pods.',
    },
    allowSubnets: {
      type: 'array',
      description: 'CIDRs that may reach a private Subnet.',
      maxItems: 64,
      'x-kubernetes-list-type': 'set',
      items: { type: 'string', maxLength: 43, pattern: `^(${CIDR4}|${CIDR6})$` },
    },
  },
  'x-kubernetes-validations': specRules({ ipFunctions }),
})

const status = {
  type: 'object',
  description: 'What became of it.',
  properties: {
    phase: { type: 'string', enum: ['Pending', 'Active', 'Failed'] },
    reason: { type: 'string', description: 'One word for the phase.' },
    message: { type: 'string', description: 'What it means and what to do.' },
    availableIPs: { type: 'integer', format: 'int64', description: 'Pods that still fit.' },
    usedIPs: { type: 'integer', format: 'int64', description: 'Addresses in use.' },
    logicalSwitch: { type: 'string', description: 'Name of the Logical_Switch.' },
    interconnectIP: { type: 'string', description: "Our router's address on an underlay or external Subnet." },
    conditions,
    lastUpdateTime: { type: 'string', format: 'date-time' },
  },
}

const printerColumns = [
  column('CIDR', 'string', '.spec.cidr'),
  column('Gateway', 'string', '.spec.gateway'),
  column('Phase', 'string', '.status.phase'),
  column('Available', 'integer', '.status.availableIPs'),
  column('Used', 'integer', '.status.usedIPs'),
  column('Age', 'date', '.metadata.creationTimestamp'),
]

export interface SubnetCrdOptions {
  /** Validate both families with CEL's IP functions, which the API server has from 1.31 on; else IPv4 only, from 1.25. */
  readonly ipFunctions?: boolean
}

/** The CustomResourceDefinition of Subnet. */
export function subnetCrd({ ipFunctions = false }: SubnetCrdOptions = {}) {
  return definition({
    kind: 'Subnet',
    plural: 'subnets',
    shortName: 'sn',
    description: 'A network for pods: a range of addresses, its gateway and where it lives.',
    printerColumns,
    spec: spec(ipFunctions),
    status,
  })
}

/** The same as a manifest. */
export function subnetCrdYaml(options: SubnetCrdOptions = {}): string {
  return stringify(subnetCrd(options), { lineWidth: 0 })
}
