import { once } from 'node:events'
import { createServer } from 'node:http'
import { type ServiceFacts, type SliceFacts, serviceFacts, sliceFacts, sliceIndexes } from '@ovnkit/cni-service'
import { silentLogger } from '@ovnkit/process'
import { Store } from '@ovnkit/reconcile'
import { freePort, waitUntil } from '@ovnkit/testing'
import { describe, expect, it } from 'vitest'
import { HealthPorts } from './health-ports.ts'
import { NodeHealth } from './node-health.ts'

function service(healthCheckNodePort: number, externalTrafficPolicy = 'Local'): ServiceFacts {
  const ports = [
    { name: 'a', port: 80 },
    { name: 'b', port: 81 },
  ]
  const facts = serviceFacts({
    metadata: { namespace: 'shop', name: 'web', uid: 'u' },
    spec: {
      type: 'LoadBalancer',
      clusterIPs: ['10.96.0.9', 'fd96::9'],
      ports,
      externalTrafficPolicy,
      healthCheckNodePort,
    },
  })
  if (facts === undefined) throw new Error('expected a Service with addresses')
  return facts
}

function slice(family: 4 | 6, ...endpoints: [address: string, node: string, conditions?: object][]): SliceFacts {
  const facts = sliceFacts({
    metadata: { namespace: 'shop', name: `web-${family}`, labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: `IPv${family}`,
    ports: [
      { name: 'a', port: 8080 },
      { name: 'b', port: 8081 },
    ],
    endpoints: endpoints.map(([address, nodeName, conditions = {}]) => ({
      addresses: [address],
      nodeName,
      conditions,
    })),
  })
  if (facts === undefined) throw new Error('expected a slice')
  return facts
}

function world() {
  const services = new Store<ServiceFacts>({ name: 'services' })
  const slices = new Store<SliceFacts, 'service'>({ name: 'slices', indexes: sliceIndexes })
  const events: string[] = []
  const recorder = { event: (_: unknown, { reason }: { reason: string }) => void events.push(reason) }
  let healthy = true
  const context = { services, slices, node: 'n1' }
  const ports = new HealthPorts({ context, healthy: () => healthy, recorder, logger: silentLogger })
  return { services, slices, events, ports, ill: () => (healthy = false) }
}

const ask = async (port: number, path = '/', host = '127.0.0.1') => {
  const answer = await fetch(`http://${host}:${port}${path}`)
  return {
    status: answer.status,
    weight: answer.headers.get('x-load-balancing-endpoint-weight'),
    body: await answer.json(),
  }
}
const answers = (port: number) =>
  waitUntil(`port ${port} answers`, () =>
    ask(port).then(
      () => true,
      () => false,
    ),
  )
const silent = (port: number) =>
  waitUntil(`port ${port} is given up`, () =>
    ask(port).then(
      () => false,
      () => true,
    ),
  )

describe('the health check node port', () => {
  it('tells how many ready endpoints the node has, at that moment, on both families', async () => {
    const { services, slices, ports, ill } = world()
    using _ = ports
    const port = await freePort()
    services.set('shop/web', service(port))
    await answers(port)
    expect(await ask(port)).toEqual({
      status: 503,
      weight: '0',
      body: { service: { namespace: 'shop', name: 'web' }, localEndpoints: 0, serviceProxyHealthy: true },
    })
    slices.set('a', slice(4, ['10.244.0.5', 'n1'], ['10.244.0.6', 'n1'], ['10.244.1.5', 'n2']))
    slices.set('b', slice(6, ['fd00::5', 'n1'], ['fd00::6', 'n1']))
    expect(await ask(port, '/', '[::1]')).toMatchObject({ status: 200, weight: '2' })
    const leaving = { ready: false, serving: true, terminating: true }
    slices.set('b', slice(6))
    slices.set('a', slice(4, ['10.244.0.5', 'n1', leaving], ['10.244.1.5', 'n2']))
    expect(await ask(port)).toMatchObject({ status: 503, weight: '0' })
    slices.set('a', slice(4, ['10.244.0.5', 'n1']))
    ill()
    expect(await ask(port)).toMatchObject({ status: 503, weight: '1', body: { serviceProxyHealthy: false } })
  })

  it('follows the Service', async () => {
    const { services, ports } = world()
    using _ = ports
    const [first, second] = [await freePort(), await freePort()]
    services.set('shop/web', service(first))
    await answers(first)
    services.set('shop/web', service(second))
    await answers(second)
    await silent(first)
    services.set('shop/web', service(second, 'Cluster'))
    await silent(second)
  })

  it('that somebody has is an Event of the Service', async () => {
    const { services, events, ports } = world()
    using _ = ports
    const other = createServer().listen(0)
    await once(other, 'listening')
    const address = other.address()
    services.set('shop/web', service(typeof address === 'object' ? (address?.port ?? 0) : 0))
    await waitUntil('it is said', () => events.length > 0)
    other.close()
    expect(events).toEqual(['FailedToStartServiceHealthcheck'])
  })
})

describe('/healthz of the node', () => {
  it('is kube-proxy’s: alive and eligible are two things', async () => {
    const port = await freePort()
    const state = { healthy: true, eligible: true, now: new Date('2026-01-02T03:04:05Z') }
    using _ = new NodeHealth({
      address: `127.0.0.1:${port}`,
      healthy: () => state.healthy,
      eligible: () => state.eligible,
      now: () => state.now,
      logger: silentLogger,
    })
    await answers(port)
    expect(await ask(port, '/healthz')).toMatchObject({ status: 200, body: { nodeEligible: true } })
    state.eligible = false
    expect([(await ask(port, '/healthz')).status, (await ask(port, '/livez')).status]).toEqual([503, 200])
    state.healthy = false
    state.now = new Date('2026-01-02T03:05:05Z')
    expect(await ask(port, '/livez')).toMatchObject({
      status: 503,
      body: { lastUpdated: '2026-01-02T03:04:05.000Z', currentTime: '2026-01-02T03:05:05.000Z' },
    })
  })
})
