import type { EndpointSlice, Service } from '@ovnkit/kube'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { serviceFacts } from '../facts/service.ts'
import { sliceFacts } from '../facts/slice.ts'
import { clusterEndpoints, isServed, localEndpoints } from './choose.ts'
import { endpointsOf } from './endpoints.ts'

const names = ['a', 'b', ''] as const
const maybe = fc.option(fc.boolean(), { nil: undefined })
const hint = fc.option(fc.uniqueArray(fc.constantFrom('a', 'b'), { maxLength: 2 }), { nil: undefined })

const endpoint = fc.record({
  // An address always lies on one node, with one set of hints: what the API promises of slices that overlap.
  host: fc.integer({ min: 1, max: 5 }),
  ready: maybe,
  serving: maybe,
  terminating: maybe,
})
const machine = fc.record({ node: fc.constantFrom(...names), zones: hint, nodes: hint })
const slice = fc.record({
  family: fc.constantFrom('IPv4', 'IPv6'),
  ports: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('x', 'y', undefined),
      protocol: fc.constantFrom('TCP', 'UDP', undefined),
      port: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    }),
    { maxLength: 2, selector: ({ name, protocol }) => `${name} ${protocol ?? 'TCP'}` },
  ),
  endpoints: fc.array(endpoint, { maxLength: 4 }),
})
const world = fc.record({
  machines: fc.array(machine, { minLength: 6, maxLength: 6 }),
  slices: fc.array(slice, { maxLength: 4 }),
  publish: fc.boolean(),
  port: fc.record({ name: fc.constantFrom('x', 'y', ''), protocol: fc.constantFrom('TCP', 'UDP') }),
  family: fc.constantFrom('IPv4', 'IPv6'),
  node: fc.constantFrom('a', 'b', 'c'),
  zone: fc.constantFrom('a', 'b', 'c', ''),
})
type World = typeof world extends fc.Arbitrary<infer T> ? T : never

function objects({ machines, slices, publish, port }: World): { service: Service; slices: EndpointSlice[] } {
  const address = (family: string, host: number) => (family === 'IPv4' ? `10.0.0.${host}` : `fd00::${host}`)
  return {
    service: {
      metadata: { namespace: 'ns', name: 'svc' },
      spec: { clusterIPs: ['10.96.0.1'], publishNotReadyAddresses: publish, ports: [{ ...port, port: 80 }] },
    },
    slices: slices.map(one => ({
      metadata: { namespace: 'ns', labels: { 'kubernetes.io/service-name': 'svc' } },
      addressType: one.family,
      ports: one.ports.map(({ name, protocol, port: number }) => ({
        ...(name !== undefined && { name }),
        ...(protocol !== undefined && { protocol }),
        ...(number !== undefined && { port: number }),
      })),
      endpoints: one.endpoints.map(({ host, ready, serving, terminating }) => {
        const { node = '', zones, nodes } = machines[host] ?? {}
        const conditions = Object.fromEntries(
          Object.entries({ ready, serving, terminating }).filter(([, value]) => value !== undefined),
        )
        return {
          addresses: [address(one.family, host)],
          conditions,
          ...(node !== '' && { nodeName: node }),
          hints: {
            ...(zones && { forZones: zones.map(name => ({ name })) }),
            ...(nodes && { forNodes: nodes.map(name => ({ name })) }),
          },
        }
      }),
    })),
  }
}

/**
 * The rules once more, on the API's own objects, address by address: a list of questions in the order in which they are asked. An address is asked for in
 * turn by ever weaker wishes; the first wish that anybody fulfils decides.
 */
function reference({ service, slices }: ReturnType<typeof objects>, at: World) {
  const all = new Map<string, { is: string; node: string; zones: string[]; nodes: string[] }>()
  for (const one of slices) {
    if (one.addressType !== at.family) continue
    for (const { name = '', protocol = 'TCP', port } of one.ports ?? []) {
      if (name !== at.port.name || protocol !== at.port.protocol || port === undefined) continue
      for (const { addresses, conditions = {}, nodeName = '', hints } of one.endpoints ?? []) {
        const { ready = true, serving = true, terminating = false } = conditions
        const is = ready || service.spec?.publishNotReadyAddresses ? 'ready' : serving && terminating ? 'leaving' : 'no'
        const key = `${addresses[0]} ${port}`
        const before = all.get(key)?.is
        if (before === 'ready' || (before === 'leaving' && is !== 'ready')) continue
        const named = (list: { name: string }[] = []) => list.map(each => each.name)
        all.set(key, { is, node: nodeName, zones: named(hints?.forZones), nodes: named(hints?.forNodes) })
      }
    }
  }
  const list = [...all].map(([key, value]) => ({ key, ...value }))
  const first = (...wishes: (typeof list)[]) =>
    (wishes.find(found => found.length > 0) ?? []).map(({ key }) => key).sort()
  const ready = list.filter(({ is }) => is === 'ready')
  const leaving = list.filter(({ is }) => is === 'leaving')
  const hinted = (by: 'zones' | 'nodes', name: string) =>
    ready.some(one => one[by].length === 0) ? [] : ready.filter(one => one[by].includes(name))
  return {
    somewhere: first(ready, leaving),
    here: first(hinted('nodes', at.node), hinted('zones', at.zone), ready, leaving),
    local: first(
      ready.filter(one => one.node === at.node),
      leaving.filter(one => one.node === at.node),
    ),
    served: ready.length + leaving.length > 0,
  }
}

it('chooses endpoints as the rules say', () => {
  fc.assert(
    fc.property(world, at => {
      const raw = objects(at)
      const service = serviceFacts(raw.service)
      const port = service?.ports[0]
      if (service === undefined || port === undefined) throw new Error('the Service has a port')
      const slices = raw.slices.flatMap(one => sliceFacts(one) ?? [])
      const endpoints = endpointsOf(service, port, at.family === 'IPv4' ? 4 : 6, slices)
      const keys = (list: typeof endpoints) => list.map(one => `${one.address} ${one.port}`)
      expect({
        somewhere: keys(clusterEndpoints(endpoints)),
        here: keys(clusterEndpoints(endpoints, { node: at.node, zone: at.zone })),
        local: keys(localEndpoints(endpoints, at.node)),
        served: isServed(endpoints),
      }).toEqual(reference(raw, at))
    }),
    { numRuns: 3000 },
  )
})

it('gives the same from any order of slices and of endpoints', () => {
  fc.assert(
    fc.property(world, at => {
      const slices = objects(at).slices.flatMap(one => sliceFacts(one) ?? [])
      const turned = slices.toReversed().map(one => ({ ...one, endpoints: one.endpoints.toReversed() }))
      const of = (list: typeof slices) =>
        endpointsOf({ publishNotReady: at.publish }, { name: at.port.name, protocol: 'TCP' }, 4, list)
      expect(of(turned)).toEqual(of(slices))
    }),
  )
})
