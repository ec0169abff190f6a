import type { Labels, NetworkPolicy } from '@ovnkit/cni-policy/reference'
import { listening, type PoolPod } from '@ovnkit/cni-policy/testing'
import { defineResource, type KubeObject } from '@ovnkit/kube'
import { sandboxImage } from '../tools/images/recipes.ts'

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

/** Every pod has a Service of its own. */
export const serviceObject = ({ key }: PoolPod) => ({
  metadata: nameOf(key),
  spec: {
    selector: { [itself]: nameOf(key).name },
    ipFamilyPolicy: 'PreferDualStack',
    ports: [{ port: servicePort, targetPort, protocol: 'TCP' }],
  },
})

/** A merge patch from some labels to others. */
export const labelsPatch = (old: Labels, labels: Labels) => ({
  metadata: { labels: { ...Object.fromEntries(Object.keys(old).map(key => [key, null])), ...labels } },
})
