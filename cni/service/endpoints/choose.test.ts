import { parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import type { EndpointState, Hints, SliceFacts } from '../facts/slice.ts'
import { clusterEndpoints, hintedBy, isServed, localEndpoints } from './choose.ts'
import { type Endpoint, endpointsOf } from './endpoints.ts'

const endpoint = (last: number, state: EndpointState, node: string, hints?: Hints): Endpoint => ({
  address: parseIp(`10.0.0.${last}`),
  port: 80,
  state,
  node,
  hints,
})
const zone = (...zones: string[]): Hints => ({ zones, nodes: [] })
const lasts = (list: readonly Endpoint[]) => list.map(({ address }) => address.split('.')[3]).join()

describe('the endpoints of a port', () => {
  const slice = (port: number, ...addresses: string[]): SliceFacts => ({
    service: 'a/b',
    family: 4,
    ports: [{ name: 'http', protocol: 'TCP', port }],
    endpoints: addresses.map(one => ({ address: parseIp(one), state: 'ready', node: 'n1', hints: undefined })),
    ignored: [],
  })
  const http = { name: 'http', protocol: 'TCP' } as const
  const of = (slices: SliceFacts[], port: Parameters<typeof endpointsOf>[1] = http) =>
    endpointsOf({ publishNotReady: false }, port, 4, slices).map(one => `${one.address}:${one.port}`)

  it('have each slice’s own number for the port, as in a rollout that changes it', () => {
    expect(of([slice(8080, '10.0.0.1'), slice(9090, '10.0.0.2')])).toEqual(['10.0.0.1:8080', '10.0.0.2:9090'])
  })

  it('are those of the same name, protocol and family', () => {
    expect(of([slice(8080, '10.0.0.1')], { name: 'http', protocol: 'UDP' })).toEqual([])
    expect(of([slice(8080, '10.0.0.1')], { name: '', protocol: 'TCP' })).toEqual([])
    expect(of([{ ...slice(8080), family: 6 }])).toEqual([])
  })

  it('count once, in their best state, whatever the order of slices', () => {
    const good = slice(80, '10.0.0.1')
    const bad = { ...good, endpoints: good.endpoints.map(one => ({ ...one, state: 'down' as const })) }
    for (const slices of [
      [good, bad],
      [bad, good],
    ]) {
      const found = endpointsOf({ publishNotReady: false }, http, 4, slices)
      expect(found.map(({ state }) => state)).toEqual(['ready'])
    }
  })

  it('are all ready where readiness is to be disregarded', () => {
    const down = {
      ...slice(80),
      endpoints: [{ address: parseIp('10.0.0.1'), state: 'down', node: '', hints: undefined }],
    } as const
    expect(endpointsOf({ publishNotReady: true }, http, 4, [down])).toMatchObject([{ state: 'ready' }])
  })
})

describe('who serves', () => {
  const mixed = [endpoint(1, 'ready', 'n1'), endpoint(2, 'draining', 'n2'), endpoint(3, 'down', 'n3')]

  it('is who is ready, else who still serves while terminating', () => {
    expect(lasts(clusterEndpoints(mixed))).toBe('1')
    expect(lasts(clusterEndpoints(mixed.slice(1)))).toBe('2')
    expect(clusterEndpoints(mixed.slice(2))).toEqual([])
  })

  it('is decided node by node under policy Local', () => {
    expect(lasts(localEndpoints(mixed, 'n1'))).toBe('1')
    expect(lasts(localEndpoints(mixed, 'n2'))).toBe('2')
    expect(localEndpoints(mixed, 'n3')).toEqual([])
  })

  it('tells a drop from a reject', () => {
    expect(isServed(mixed)).toBe(true)
    expect(isServed(mixed.slice(2))).toBe(false)
  })

  const zoned = [
    endpoint(1, 'ready', 'n1', zone('a')),
    endpoint(2, 'ready', 'n2', zone('b')),
    endpoint(3, 'down', 'n3'),
  ]

  it('is near, where every ready endpoint has a hint and somebody is near', () => {
    expect(lasts(clusterEndpoints(zoned, { node: 'x', zone: 'a' }))).toBe('1')
    expect(lasts(clusterEndpoints(zoned, { node: 'x', zone: 'c' }))).toBe('1,2')
    expect(lasts(clusterEndpoints(zoned, { node: 'x', zone: '' }))).toBe('1,2')
    expect(lasts(clusterEndpoints([...zoned, endpoint(4, 'ready', 'n1')], { node: 'x', zone: 'a' }))).toBe('1,2,4')
    expect(hintedBy(zoned)).toEqual({ nodes: false, zones: true })
  })

  it('is on the node before it is in the zone', () => {
    const both = [1, 2].map(n => endpoint(n, 'ready', `n${n}`, { zones: ['a'], nodes: [`n${n}`] }))
    expect(lasts(clusterEndpoints(both, { node: 'n2', zone: 'a' }))).toBe('2')
    expect(lasts(clusterEndpoints(both, { node: 'n3', zone: 'a' }))).toBe('1,2')
    expect(hintedBy(both)).toEqual({ nodes: true, zones: true })
  })
})
