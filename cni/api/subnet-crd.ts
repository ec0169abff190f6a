import { stringify } from 'yaml'
import { apiGroup, apiVersion } from './names.ts'
import { specRules } from './subnet-rules.ts'

const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
const V4 = `${OCTET}(\\.${OCTET}){3}`
const V6 = '[0-9a-fA-F:.]*:[0-9a-fA-F:.]*'
const CIDR4 = `${V4}/(3[0-2]|[12]?[0-9])`
const CIDR6 = `${V6}/(12[0-8]|1[01][0-9]|[1-9]?[0-9])`
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
  },
  'x-kubernetes-validations': specRules({ ipFunctions }),
})

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
  description: 'What became of it.',
  properties: {
    phase: { type: 'string', enum: ['Pending', 'Active', 'Failed'] },
    reason: { type: 'string', description: 'One word for the phase.' },
    message: { type: 'string', description: 'What it means and what to do.' },
    availableIPs: { type: 'integer', format: 'int64', description: 'Pods that still fit.' },
    usedIPs: { type: 'integer', format: 'int64', description: 'Addresses in use.' },
    logicalSwitch: { type: 'string', description: 'Name of the Logical_Switch.' },
    interconnectIP: { type: 'string', description: "Our router's address on an underlay or external Subnet." },
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: condition,
    },
    lastUpdateTime: { type: 'string', format: 'date-time' },
  },
}

const column = (name: string, type: string, jsonPath: string) => ({ name, type, jsonPath })

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
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `subnets.${apiGroup}`, labels: { 'app.kubernetes.io/name': 'zstack-ovn-kubernetes' } },
    spec: {
      group: apiGroup,
      scope: 'Cluster',
      names: { plural: 'subnets', singular: 'subnet', kind: 'Subnet', listKind: 'SubnetList', shortNames: ['sn'] },
      versions: [
        {
          name: apiVersion,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: printerColumns,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: 'A network for pods: a range of addresses, its gateway and where it lives.',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: spec(ipFunctions),
                status,
              },
            },
          },
        },
      ],
    },
  }
}

/** The same as a manifest. */
export function subnetCrdYaml(options: SubnetCrdOptions = {}): string {
  return stringify(subnetCrd(options), { lineWidth: 0 })
}
