import { apiGroup, apiVersion } from './names.ts'

/** What the definitions of our types have in common. */

/** Regular expressions, without anchors. */
const OCTET = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])'
export const V4 = `${OCTET}(\\.${OCTET}){3}`
export const V6 = '[0-9a-fA-F:.]*:[0-9a-fA-F:.]*'
export const CIDR4 = `${V4}/(3[0-2]|[12]?[0-9])`
export const CIDR6 = `${V6}/(12[0-8]|1[01][0-9]|[1-9]?[0-9])`
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

/** `status.conditions`, a list with one of each type. */
export const conditions = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  items: condition,
}

const labelName = { type: 'string', minLength: 1, maxLength: 317 }
const labelValue = { type: 'string', maxLength: 63 }

/** meta/v1 LabelSelector. */
export const labelSelector = (description: string) => ({
  type: 'object',
  description,
  properties: {
    matchLabels: { type: 'object', maxProperties: 64, additionalProperties: labelValue },
    matchExpressions: {
      type: 'array',
      maxItems: 64,
      items: {
        type: 'object',
        required: ['key', 'operator'],
        properties: {
          key: labelName,
          operator: { type: 'string', enum: ['In', 'NotIn', 'Exists', 'DoesNotExist'] },
          values: { type: 'array', maxItems: 256, items: labelValue },
        },
      },
    },
  },
})

export const column = (name: string, type: string, jsonPath: string) => ({ name, type, jsonPath })

export interface DefinitionSpec {
  readonly kind: string
  readonly plural: string
  readonly shortName: string
  readonly description: string
  readonly printerColumns: readonly object[]
  /** OpenAPI schemas. */
  readonly spec: object
  readonly status: object
  /** Schema of `metadata.name`. */
  readonly name?: object
}

/** The CustomResourceDefinition of a type of ours: of cluster scope, with its status as a subresource. */
export function definition({
  kind,
  plural,
  shortName,
  description,
  printerColumns,
  spec,
  status,
  name,
}: DefinitionSpec) {
  const singular = kind.toLowerCase()
  const properties = {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object', ...(name && { properties: { name } }) },
    spec,
    status,
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${apiGroup}`, labels: { 'app.kubernetes.io/name': 'zstack-ovn-kubernetes' } },
    spec: {
      group: apiGroup,
      scope: 'Cluster',
      names: { plural, singular, kind, listKind: `${kind}List`, shortNames: [shortName] },
      versions: [
        {
          name: apiVersion,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: printerColumns,
          schema: { openAPIV3Schema: { type: 'object', description, required: ['spec'], properties } },
        },
      ],
    },
  }
}
