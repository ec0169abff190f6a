import type { ApiLoad } from '../controller/api-load.ts'

/** A Service of one TCP port without a selector, whose endpoints are written by hand: no other controller takes part. */
export interface MadeService {
  readonly name: string
  readonly address: string
  /** Its virtual address as balancers have it. */
  readonly vip: string
}

/** Where a Service is served. */
export interface Backends {
  readonly addresses: readonly string[]
  readonly port: number
  readonly node: string
}

interface ServiceObject {
  readonly spec: { readonly clusterIP: string }
}

/** Makes Services and their slices in one namespace. */
export class ServiceLoad {
  readonly #api: ApiLoad
  readonly #namespace: string

  constructor(api: ApiLoad, namespace: string) {
    this.#api = api
    this.#namespace = namespace
  }

  async begin(): Promise<void> {
    const metadata = { name: this.#namespace }
    await this.#api.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata })
  }

  async service(name: string): Promise<MadeService> {
    const spec = { ports: [{ name: 'p', port: 80 }] }
    const body = { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec }
    const made = await this.#api.call<ServiceObject>('POST', `/api/v1/namespaces/${this.#namespace}/services`, body)
    return { name, address: made.spec.clusterIP, vip: `${made.spec.clusterIP}:80` }
  }

  slice(name: string, backends: Backends): Promise<unknown> {
    return this.#api.call('POST', this.#slices(), { ...kind, metadata: metadataOf(name), ...contentOf(backends) })
  }

  changeSlice(name: string, backends: Backends): Promise<unknown> {
    return this.#api.call('PATCH', `${this.#slices()}/${name}`, contentOf(backends), 'application/merge-patch+json')
  }

  async remove(services: readonly MadeService[]): Promise<void> {
    await this.#api.each(services, async ({ name }) => {
      await this.#api.call('DELETE', `/api/v1/namespaces/${this.#namespace}/services/${name}`)
      await this.#api.call('DELETE', `${this.#slices()}/${name}`)
    })
  }

  #slices(): string {
    return `/apis/discovery.k8s.io/v1/namespaces/${this.#namespace}/endpointslices`
  }
}

const kind = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' }

const metadataOf = (name: string) => ({ name, labels: { 'kubernetes.io/service-name': name } })

const contentOf = ({ addresses, port, node }: Backends) => ({
  ports: [{ name: 'p', port, protocol: 'TCP' }],
  endpoints: addresses.map(address => ({ addresses: [address], nodeName: node, conditions: { ready: true } })),
})

/** Backends as a balancer has them: sorted as text. */
export const backendsText = ({ addresses, port }: Backends): string =>
  addresses
    .map(address => `${address} ${port}`)
    .sort()
    .map(text => text.replace(' ', ':'))
    .join(',')

/** Ten addresses of no pod, others for every number. */
export function someBackends(i: number, count: number): Backends {
  const addresses = Array.from({ length: count }, (_, k) => `10.244.${(i >> 4) % 250}.${(i % 16) * 16 + k + 1}`)
  return { addresses, port: 8080, node: 'n0' }
}
