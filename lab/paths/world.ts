import type { Service } from '@ovnkit/kube'
import { agnhostImage } from '../tools/images/recipes.ts'
import { type Cell, type Endpoint, endpoints, type Kind, type Policy, serviceOf } from './cells.ts'

/** The objects that the paths lead through: five endpoints on two nodes, and a Service for each kind, policy and endpoint. */

export const namespace = 'paths'
const app = 'app.kubernetes.io/name'

/** Ports of the endpoints; host-network pods have others, for a node's own may be taken. */
const podPorts = { http: 8080, udp: 8081 }
const hostPorts = { http: 18_080, udp: 18_081 }
/** The port of every Service, in both protocols. */
export const servicePort = 80
/** The one that the pods near and far have on their nodes. */
export const hostPort = 28_080

/** Addresses that nobody has (RFC 5737, RFC 3849): routed to a node by whoever asks from outside. */
export const outsideRanges = {
  LoadBalancer: ['203.0.113.', '2001:db8:113::'],
  externalIP: ['198.51.100.', '2001:db8:51::'],
}

const port = (name: string, number: number, protocol: string) => ({ name, containerPort: number, protocol })

/** A place for pods: a node and its addresses. */
export interface NodePlace {
  readonly name: string
  readonly addresses: readonly string[]
}

function podOf(name: Endpoint, node: NodePlace): unknown {
  const onHost = name.startsWith('host-')
  const { http, udp } = onHost ? hostPorts : podPorts
  // A UDP server on every address answers from the one that the kernel's route to the asker prefers: one socket for each.
  const listening = onHost ? [`--udp-listen-addresses=${node.addresses.join(',')}`] : []
  const mapped = name === 'near' || name === 'far'
  const ports = [port('http', http, 'TCP'), port('udp', udp, 'UDP')]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { [app]: name } },
    spec: {
      hostNetwork: onHost,
      nodeName: node.name,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'web',
          image: agnhostImage,
          args: ['netexec', `--http-port=${http}`, `--udp-port=${udp}`, ...listening],
          ports: mapped ? ports.map(one => ({ ...one, hostPort })) : ports,
        },
      ],
    },
  }
}

/** The five pods; `self` is the client too. */
export const podsOf = (near: NodePlace, far: NodePlace): unknown[] =>
  endpoints.filter(name => name !== 'none').map(name => podOf(name, name === 'far' || name === 'host-far' ? far : near))

const balanced: readonly Kind[] = ['ClusterIP', 'NodePort', 'LoadBalancer', 'externalIP']
const policies: readonly Policy[] = ['Cluster', 'Local']

interface Balanced {
  readonly kind: Kind
  readonly policy: Policy
  readonly endpoint: Endpoint
}

const allBalanced: readonly Balanced[] = balanced.flatMap(kind =>
  policies.flatMap(policy => endpoints.map(endpoint => ({ kind, policy, endpoint }))),
)

/** An address of a Service that is not the cluster's, one for each family. */
export function outsideAddresses(cell: Pick<Cell, 'kind' | 'policy' | 'endpoint'>): string[] {
  const { kind } = cell
  if (kind !== 'LoadBalancer' && kind !== 'externalIP') return []
  const name = serviceOf(cell)
  const number = 1 + allBalanced.findIndex(one => serviceOf(one) === name)
  return outsideRanges[kind].map(prefix => `${prefix}${prefix.includes(':') ? number.toString(16) : number}`)
}

function serviceObject(cell: Balanced, addressesOf: (cell: Balanced) => string[]): unknown {
  const { kind, policy, endpoint } = cell
  const type = kind === 'externalIP' ? 'ClusterIP' : kind
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: serviceOf(cell), namespace },
    spec: {
      type,
      ipFamilyPolicy: 'PreferDualStack',
      selector: { [app]: endpoint },
      ports: [
        { name: 'http', port: servicePort, targetPort: 'http', protocol: 'TCP' },
        { name: 'udp', port: servicePort, targetPort: 'udp', protocol: 'UDP' },
      ],
      ...(kind === 'ClusterIP' ? { internalTrafficPolicy: policy } : { externalTrafficPolicy: policy }),
      ...(kind === 'externalIP' ? { externalIPs: addressesOf(cell) } : {}),
      // Addressed by the status that is written here, as another controller would.
      ...(kind === 'LoadBalancer' ? { loadBalancerClass: 'ovnkit.invalid/by-hand' } : {}),
    },
  }
}

export const servicesOf = (addressesOf: (cell: Balanced) => string[]): unknown[] =>
  allBalanced.map(cell => serviceObject(cell, addressesOf))

/** Services whose status needs addresses: name -> status. */
export const statusesOf = (addressesOf: (cell: Balanced) => string[]): [string, NonNullable<Service['status']>][] =>
  allBalanced
    .filter(({ kind }) => kind === 'LoadBalancer')
    .map(cell => [serviceOf(cell), { loadBalancer: { ingress: addressesOf(cell).map(ip => ({ ip, ipMode: 'VIP' })) } }])

/** The port that an endpoint listens on itself. */
export const endpointPort = (endpoint: Endpoint, protocol: Cell['protocol']) =>
  (endpoint.startsWith('host-') ? hostPorts : podPorts)[protocol === 'tcp' ? 'http' : 'udp']
