import { parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import type { PodFacts } from '../facts/pod.ts'
import { network, world } from './allocator.fixture.ts'
import { type KnownPort, restore } from './restore.ts'
import { recordedAddresses } from './wishes.ts'

const default24 = network('default', '10.0.0.0/24')

function pod(
  name: string,
  options: { record?: string; uid?: string; created?: number; ended?: boolean } = {},
): PodFacts {
  const { record, uid = `uid-${name}`, created = 0, ended = false } = options
  const text = JSON.stringify({
    default: { ip_addresses: [`${record}/24`], mac_address: '0a:58:00:00:00:01', gateway_ips: [], routes: [] },
  })
  return {
    namespace: 'ns',
    name,
    uid,
    objectUid: uid,
    node: 'n',
    created,
    ended,
    labels: {},
    hostPorts: [],
    ports: [],
    annotations: record === undefined ? {} : { 'k8s.ovn.org/pod-networks': text, 'zstack.io/pod-uid': uid },
  }
}

function port(name: string, address: string, uid = `uid-${name}`): KnownPort {
  return { namespace: 'ns', pod: name, uid, name: `ns_${name}`, addresses: [parseIp(address)] }
}

function restored(input: { pods: readonly PodFacts[]; ports?: readonly KnownPort[]; claimed?: readonly KnownPort[] }) {
  const w = world()
  w.addNetwork(default24)
  for (const claim of input.claimed ?? []) w.claims.bound.set(claim.name, claim.addresses)
  restore(w.allocator, {
    pods: new Map(input.pods.map(one => [`ns/${one.name}`, one])),
    networks: [default24],
    ports: input.ports ?? [],
    claimed: input.claimed ?? [],
    recorded: recordedAddresses,
  })
  for (const one of input.pods) w.pods.set(`ns/${one.name}`, one)
  return w
}

describe('after a restart', () => {
  it('a pod has the address of its own record, whatever the Northbound database lost', () => {
    const w = restored({ pods: [pod('a', { record: '10.0.0.77' }), pod('b')] })
    expect([w.addressOf('a'), w.addressOf('b')]).toEqual(['10.0.0.77', '10.0.0.2'])
  })

  it('a pod has the address of its port when its record was not written any more', () => {
    const w = restored({ pods: [pod('a')], ports: [port('a', '10.0.0.50')] })
    expect(w.addressOf('a')).toBe('10.0.0.50')
  })

  it('of two pods with one address the one whose port has it keeps it; the other gets a new one', () => {
    const w = restored({
      pods: [pod('copy', { record: '10.0.0.9', created: 1 }), pod('real', { record: '10.0.0.9', created: 2 })],
      ports: [port('real', '10.0.0.9')],
    })
    expect([w.addressOf('real'), w.addressOf('copy')]).toEqual(['10.0.0.9', '10.0.0.2'])
  })

  it('a port of a former pod of the name tells nothing about the present one', () => {
    const w = restored({
      pods: [pod('web-0', { uid: 'new' })],
      ports: [port('web-0', '10.0.0.2', 'old')],
      claimed: [port('web-0', '10.0.0.2', '')],
    })
    expect(w.addressOf('web-0')).toBe('10.0.0.3')
    expect(w.allocator.held).toBeGreaterThan(0)
  })

  it('the address of a pod that has ended is free, and that of a gone one is held while it is claimed', () => {
    const w = restored({
      pods: [pod('job', { record: '10.0.0.2', ended: true })],
      ports: [port('gone', '10.0.0.3')],
      claimed: [port('late', '10.0.0.4', '')],
    })
    expect(w.allocator.held).toBe(1)
    expect(w.allocator.usage.get('10.0.0.0/24')?.used).toBe(1)
    w.claims.bound.clear()
    w.allocator.claimsChanged()
    expect(w.allocator.usage.get('10.0.0.0/24')?.used).toBe(0)
  })

  it('a record that came with a copied manifest is none of the pod’s own', () => {
    const copy = { ...pod('copy', { record: '10.0.0.9' }), uid: 'another' }
    expect(restored({ pods: [copy] }).addressOf('copy')).toBe('10.0.0.2')
  })

  it('a record that cannot be read, or lies outside, is no record', () => {
    const broken: PodFacts = {
      ...pod('a'),
      annotations: { 'k8s.ovn.org/pod-networks': '{', 'zstack.io/pod-uid': 'uid-a' },
    }
    const w = restored({ pods: [broken, pod('b', { record: '192.168.9.9' })] })
    expect([w.addressOf('a'), w.addressOf('b')]).toEqual(['10.0.0.2', '10.0.0.3'])
  })
})
