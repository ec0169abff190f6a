import { clusterEndpoints, endpointsOf, serviceFacts, sliceFacts } from '@ovnkit/cni-service'
import { type IpAddress, ipFamily } from '@ovnkit/inet'
import { type KubeClient, resources } from '@ovnkit/kube'
import type { Asked } from './options.ts'

/** What a question comes to: the endpoints of a Service are asked in its place. */
export interface Target {
  readonly asked: Asked
  /** `default/kubernetes`, where the address was a Service's. */
  readonly service?: string
}

/**
 * Whom a connection reaches: for the address of a Service each of its endpoints, because policies judge there.
 * @throws Error for a Service without such a port, or without endpoints
 */
export async function targetsOf(client: KubeClient, asked: Asked): Promise<Target[]> {
  if (asked.to.kind === 'pod') return [{ asked }]
  const { address } = asked.to
  const services = (await client.list(resources.services)).items.flatMap(one => serviceFacts(one) ?? [])
  const service = services.find(({ clusterIPs, externalIPs, ingress }) =>
    [...clusterIPs, ...externalIPs, ...ingress.map(({ ip }) => ip)].includes(address),
  )
  if (service === undefined) return [{ asked }]
  const name = `${service.namespace}/${service.name}`
  const port = service.ports.find(one => one.protocol === asked.protocol && one.port === asked.port)
  if (port === undefined) throw new Error(`Service ${name} has no port ${asked.port} of ${asked.protocol}`)
  const slices = await client.list(resources.endpointSlices, {
    namespace: service.namespace,
    labelSelector: `kubernetes.io/service-name=${service.name}`,
  })
  const facts = slices.items.flatMap(one => sliceFacts(one) ?? [])
  const endpoints = clusterEndpoints(endpointsOf(service, port, ipFamily(address), facts))
  if (endpoints.length === 0) throw new Error(`Service ${name} has no endpoints for port ${asked.port}`)
  return endpoints.map(one => ({ asked: at(asked, one.address, one.port), service: name }))
}

const at = (asked: Asked, address: IpAddress, port: number): Asked => ({
  ...asked,
  to: { kind: 'address', address },
  port,
})
