import { parseCidr, parseIp } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'
import { expect, it } from 'vitest'
import { type NoteContext, notesOf } from './notes.ts'
import { ServiceReporter, userspaceNodes } from './reporter.ts'
import { port, service, slice } from './service.fixture.ts'

const context: NoteContext = {
  affinity: 'auto',
  templates: true,
  ranges: [parseCidr('10.96.0.0/16')],
  userspaceNodes: () => ['n1', 'n2'],
}
const reasons = (...args: Parameters<typeof notesOf>) => notesOf(...args).map(({ reason }) => reason)

it('has nothing to say about an ordinary Service', () => {
  expect(notesOf(service({ affinity: 10_800 }), [slice(['10.0.0.1@n1'])], context)).toEqual([])
  expect(notesOf(service({ affinity: 60 }), [], { ...context, affinity: 'hash' })).toEqual([])
})

it('says what a Service asks for and does not get, and why', () => {
  expect(reasons(service({ affinity: 86_400 }), [], context)).toEqual(['SessionAffinityShortened'])
  expect(reasons(service({ affinity: 60 }), [], context)).toEqual(['SessionAffinityFirstConnection'])
  expect(reasons(service({ affinity: 60, internalLocal: true }), [], context)).toEqual([
    'SessionAffinityWithoutTimeout',
  ])
  expect(reasons(service({ affinity: 60 }), [slice(['10.0.0.1@n1 ready a'])], context)).toEqual([
    'SessionAffinityWithoutTimeout',
  ])
  expect(reasons(service({ internalLocal: true }), [], { ...context, templates: false })).toEqual([
    'InternalTrafficPolicyIgnored',
  ])
  expect(notesOf(service({ ports: [port('SCTP', 80)] }), [], context)[0]?.message).toContain('for pods on n1, n2')
  expect(reasons(service({ ports: [port('SCTP', 80)] }), [], { ...context, userspaceNodes: () => [] })).toEqual([])
  expect(reasons(service({ clusterIPs: [parseIp('10.97.0.1')] }), [], context)).toEqual(['ClusterIPOutOfRange'])
  const ignored = slice([], { ignored: ['a', 'b', 'c', 'd', 'e'] })
  expect(notesOf(service(), [ignored], context)[0]?.message).toBe('endpoints are left out: a; b; c, and 2 more')
})

it('is said once, and again when it has changed', () => {
  const services = new Store<ReturnType<typeof service>>({ name: 'services' })
  const slices = new Store<ReturnType<typeof slice>, 'service'>({
    name: 'slices',
    indexes: { service: one => [one.service] },
  })
  const ranges = new Store<string>({ name: 'ranges' })
  const told: string[] = []
  const events = { event: (_: unknown, { reason }: { reason: string }) => void told.push(reason) }
  using _ = new ServiceReporter({ services, slices, events, context, further: [ranges] })
  services.set('shop/web', service({ affinity: 86_400 }))
  services.set('shop/web', service({ affinity: 86_400, uid: 'same note' }))
  slices.set('shop/x', slice([], { ignored: ['127.0.0.1 is a loopback address'] }))
  ranges.set('a', 'b')
  services.set('shop/web', service({ affinity: 80_000 }))
  services.delete('shop/web')
  services.set('shop/web', service({ affinity: 80_000 }))
  expect(told).toEqual([
    'SessionAffinityShortened',
    'InvalidEndpoints',
    'SessionAffinityShortened',
    'SessionAffinityShortened',
    'InvalidEndpoints',
  ])
})

it('knows which nodes forward in user space', () => {
  const chassis = new Store<{ userspace: boolean }>({ name: 'chassis' })
  const nodes = new Store<string, 'chassis'>({ name: 'nodes', indexes: { chassis: name => [name] } })
  for (const [name, userspace] of [
    ['c1', true],
    ['c2', false],
    ['foreign', true],
  ] as const)
    chassis.set(name, { userspace })
  nodes.set('n1', 'c1')
  nodes.set('n2', 'c2')
  expect(userspaceNodes(chassis, nodes)).toEqual(['n1'])
})
