import type { Labels, NetworkPolicy } from '@ovnkit/cni-policy/reference'
import { listening, type PoolPod } from '@ovnkit/cni-policy/testing'
import { defineResource, type KubeObject, type Service } from '@ovnkit/kube'
import { sandboxImage } from '../tools/images/recipes.ts'
import type { Door } from './doors.ts'

interface PolicyObject extends KubeObject {
  metadata: { namespace: string; name: string }
  spec?: NonNullable<NetworkPolicy['spec']>
}

/** Policies as they are on the wire; the JavaScript client's own type has other names for some fields. */
export const policyResource = defineResource<PolicyObject>({
  group: 'networking.k8s.io',
  version: 'v1',
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
  namespaced: true,
})

/** `w/a` as namespace and name of the API. */
export function nameOf(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/')
  return { namespace, name }
}

/** What the Service of a pod selects: no policy knows this label. */
const itself = 'ovnkit.invalid/pod'

/** Labels of a pod of the pool: its own and the one of its Service. */
export const podLabels = (key: string, labels: Labels): Labels => ({ ...labels, [itself]: nameOf(key).name })

/** A pod that does nothing: who listens and asks in its network is started there by the lab. */
export const podObject = ({ key, node, ports }: PoolPod, labels: Labels) => ({
  metadata: { ...nameOf(key), labels: podLabels(key, labels) },
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    containers: [{ name: 'pause', image: sandboxImage, ports: [...ports] }],
  },
})

export const servicePort = 80
export const targetPort = listening.TCP[0]

/** Ways to a pod: a Service of its own, and node ports under each policy. */
const faces = {
  '': { type: 'ClusterIP' },
  '-local': { type: 'NodePort', externalTrafficPolicy: 'Local' },
  '-any': { type: 'NodePort', externalTrafficPolicy: 'Cluster' },
} as const

export const serviceObjects = ({ key }: PoolPod) => {
  const { namespace, name } = nameOf(key)
  return Object.entries(faces).map(([suffix, face]) => ({
    metadata: { namespace, name: `${name}${suffix}` },
    spec: {
      ...face,
      selector: { [itself]: name },
      ipFamilyPolicy: 'PreferDualStack',
      ports: [
        { name: 'tcp', port: servicePort, targetPort, protocol: 'TCP' },
        ...(suffix === '-local' ? [{ name: 'udp', port: servicePort, targetPort, protocol: 'UDP' }] : []),
      ],
    },
  }))
}

/** The node ports of a pod, by its Services. */
export function doorOf({ key }: PoolPod, services: ReadonlyMap<string, Service>): Door | undefined {
  const portOf = (suffix: keyof typeof faces, protocol: string) =>
    services.get(`${key}${suffix}`)?.spec?.ports?.find(one => one.protocol === protocol)?.nodePort
  const [TCP, UDP, any] = [portOf('-local', 'TCP'), portOf('-local', 'UDP'), portOf('-any', 'TCP')]
  if (TCP === undefined || UDP === undefined || any === undefined) return undefined
  return { local: { TCP, UDP }, any }
}

/** A merge patch from some labels to others. */
export const labelsPatch = (old: Labels, labels: Labels) => ({
  metadata: { labels: { ...Object.fromEntries(Object.keys(old).map(key => [key, null])), ...labels } },
})
