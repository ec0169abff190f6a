import type {
  CoreV1Event,
  V1ConfigMap,
  V1CustomResourceDefinition,
  V1DaemonSet,
  V1Deployment,
  V1EndpointSlice,
  V1Lease,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1Pod,
  V1Secret,
  V1Service,
  V1ServiceCIDR,
} from '@kubernetes/client-node'

/** A type of the JavaScript client as it is on the wire: times are RFC 3339 text, not `Date`. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer E)[]
    ? Wire<E>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T

export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** meta/v1 ObjectMeta, as far as anything here reads or writes it. */
export interface ObjectMeta {
  name?: string
  namespace?: string
  generateName?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
}

/** The least that every object has. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
}

/** Where a kind of object lives in the API, with the type of its objects carried along for the compiler only. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
  /** Never set; lets `client.get(resources.pods, ...)` know that it returns a Pod. */
  readonly phantom?: T
}

/** Name of one object; `namespace` only (and always) for namespaced resources. */
export interface ObjectName {
  readonly namespace?: string
  readonly name: string
}

/** An object that exists in the API; with `uid` nothing is ever written to a later object of the same name. */
export interface ObjectRef extends ObjectName {
  readonly resource: Resource
  readonly uid?: string
}

/** Declares a resource, e.g. a custom one: `defineResource<Subnet>({ group: 'network.zstack.io', ... })`. */
export function defineResource<T extends KubeObject>(resource: Omit<Resource, 'phantom'>): Resource<T> {
  return Object.freeze({ ...resource })
}

/** `v1` or `group/version`, the apiVersion of its objects. */
export function apiVersionOf(resource: Resource): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`
}

/** The path of a collection (`name` absent) or of one object, with its subresource. Segments are percent-encoded. */
export function pathOf(
  resource: Resource,
  where: { namespace?: string; name?: string; subresource?: string } = {},
): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const scope =
    resource.namespaced && where.namespace !== undefined ? `/namespaces/${encodeURIComponent(where.namespace)}` : ''
  const name = where.name === undefined ? '' : `/${encodeURIComponent(where.name)}`
  if (name !== '' && resource.namespaced && scope === '')
    throw new TypeError(`${resource.kind} ${where.name} is namespaced: pass its namespace`)
  return `${root}${scope}/${resource.plural}${name}${where.subresource === undefined ? '' : `/${where.subresource}`}`
}

/** `namespace/name`, or `name` for a cluster-scoped object: the key of stores and owners. */
export function keyOf(name: ObjectName): string {
  return name.namespace === undefined || name.namespace === '' ? name.name : `${name.namespace}/${name.name}`
}

const core = (kind: string, plural: string, namespaced = true) => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced,
})
const grouped = (group: string, kind: string, plural: string, namespaced = true) => ({
  group,
  version: 'v1',
  plural,
  kind,
  namespaced,
})

export type Pod = Wire<V1Pod>
export type Node = Wire<V1Node>
export type Namespace = Wire<V1Namespace>
export type Service = Wire<V1Service>
export type ConfigMap = Wire<V1ConfigMap>
export type Secret = Wire<V1Secret>
export type CoreEvent = Wire<CoreV1Event>
export type EndpointSlice = Wire<V1EndpointSlice>
export type ServiceCIDR = Wire<V1ServiceCIDR>
export type NetworkPolicy = Wire<V1NetworkPolicy>
export type Lease = Wire<V1Lease>
export type Deployment = Wire<V1Deployment>
export type DaemonSet = Wire<V1DaemonSet>
export type CustomResourceDefinition = Wire<V1CustomResourceDefinition>

/** The built-in resources that the products read or write. */
export const resources = {
  pods: defineResource<Pod>(core('Pod', 'pods')),
  nodes: defineResource<Node>(core('Node', 'nodes', false)),
  namespaces: defineResource<Namespace>(core('Namespace', 'namespaces', false)),
  services: defineResource<Service>(core('Service', 'services')),
  configMaps: defineResource<ConfigMap>(core('ConfigMap', 'configmaps')),
  secrets: defineResource<Secret>(core('Secret', 'secrets')),
  events: defineResource<CoreEvent>(core('Event', 'events')),
  endpointSlices: defineResource<EndpointSlice>(grouped('discovery.k8s.io', 'EndpointSlice', 'endpointslices')),
  /** Kubernetes 1.33 and later. */
  serviceCIDRs: defineResource<ServiceCIDR>(grouped('networking.k8s.io', 'ServiceCIDR', 'servicecidrs', false)),
  networkPolicies: defineResource<NetworkPolicy>(grouped('networking.k8s.io', 'NetworkPolicy', 'networkpolicies')),
  leases: defineResource<Lease>(grouped('coordination.k8s.io', 'Lease', 'leases')),
  deployments: defineResource<Deployment>(grouped('apps', 'Deployment', 'deployments')),
  daemonSets: defineResource<DaemonSet>(grouped('apps', 'DaemonSet', 'daemonsets')),
  customResourceDefinitions: defineResource<CustomResourceDefinition>(
    grouped('apiextensions.k8s.io', 'CustomResourceDefinition', 'customresourcedefinitions', false),
  ),
} as const
