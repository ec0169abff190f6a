import type { ApiLoad } from '../controller/api-load.ts'

/** Namespaces, pods and policies by number. */
const perNamespace = 10
export const namespaceOf = (i: number) => `tenant-${String(i).padStart(3, '0')}`
const podOf = (i: number) => ({ namespace: namespaceOf(Math.floor(i / perNamespace)), name: `pod-${i % perNamespace}` })

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Makes pods that nobody runs, and policies of 5 networks, 5 namespaces, 5 groups of pods and 5 port ranges each, in both directions. */
export class PolicyLoad {
  readonly #api: ApiLoad
  readonly #namespaces: number
  readonly #node: string

  /** @param node where the pods are said to be */
  constructor(api: ApiLoad, namespaces: number, node = 'n0') {
    this.#api = api
    this.#namespaces = namespaces
    this.#node = node
  }

  async begin(): Promise<void> {
    await this.#api.each(range(this.#namespaces), i =>
      this.#api.call('POST', '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespaceOf(i), labels: { tenant: String(i) } },
      }),
    )
  }

  async pods(): Promise<void> {
    await this.#api.each(range(this.#namespaces * perNamespace), i => {
      const { namespace, name } = podOf(i)
      return this.pod(namespace, name, i % perNamespace)
    })
  }

  pod(namespace: string, name: string, num: number): Promise<unknown> {
    return this.#api.call('POST', `/api/v1/namespaces/${namespace}/pods`, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { num: String(num) } },
      spec: {
        nodeName: this.#node,
        // Nobody is there to say that the node lives.
        tolerations: [{ operator: 'Exists' }],
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        containers: [{ name: 'c', image: 'x', ports: [{ name: 'web', containerPort: 8080 }] }],
      },
    })
  }

  /** Uid of a pod, by which its port is bound. */
  async uid(namespace: string, name: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`
    const { metadata } = await this.#api.call<{ metadata: { uid: string } }>('GET', path)
    return metadata.uid
  }

  async policies(from: number, to: number): Promise<void> {
    await this.#api.each(range(to - from), i =>
      this.#api.call('POST', this.#collection(from + i), this.#policy(from + i)),
    )
  }

  async remove(from: number, to: number): Promise<void> {
    await this.#api.each(range(to - from), i =>
      this.#api.call('DELETE', `${this.#collection(from + i)}/policy-${from + i}`),
    )
  }

  /** Gives a policy other networks: the n-th of its versions. */
  change(i: number, version: number): Promise<unknown> {
    const { spec } = this.#policy(i, version)
    return this.#api.call('PATCH', `${this.#collection(i)}/policy-${i}`, { spec }, 'application/merge-patch+json')
  }

  #collection(i: number): string {
    return `/apis/networking.k8s.io/v1/namespaces/${namespaceOf(i % this.#namespaces)}/networkpolicies`
  }

  #policy(i: number, version = 0) {
    const peers = [...networks(i, version), ...this.#spaces(i), ...groups(i)]
    const ports = range(5).map(k => ({
      protocol: 'TCP',
      port: 1000 * (k + 1) + (i % 500),
      endPort: 1000 * (k + 1) + 600,
    }))
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: `policy-${i}` },
      spec: {
        podSelector: {
          matchExpressions: [{ key: 'num', operator: 'In', values: subject(Math.floor(i / this.#namespaces)) }],
        },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: peers, ports }],
        egress: [{ to: peers, ports }],
      },
    }
  }

  #spaces(i: number): unknown[] {
    return range(5).map(k => ({
      namespaceSelector: { matchLabels: { tenant: String((i * 7 + k * 13) % this.#namespaces) } },
    }))
  }
}

/** Two of ten pods, another pair for each policy of a namespace as long as there are pairs. */
const subject = (n: number) => [String(n % perNamespace), String((n + 1 + Math.floor(n / perNamespace)) % perNamespace)]

const networks = (i: number, version: number) =>
  range(5).map(k => ({ ipBlock: { cidr: `${20 + k + 10 * version}.${Math.floor(i / 250)}.${i % 250}.0/24` } }))

const groups = (i: number) =>
  range(5).map(k => ({ podSelector: { matchLabels: { num: String((i + k) % perNamespace) } } }))
