import { ovnNames } from '@ovnkit/cni-api'
import type { OwnerStatus } from '@ovnkit/reconcile'
import { describe, expect, it } from 'vitest'
import { network } from '../ipam/allocator.fixture.ts'
import { type StatusInput, subnetStatus } from './status.ts'

const done: OwnerStatus = { state: 'done', reason: '', message: '', attempts: 0, since: 0 }
const usage = {
  used: 3,
  available: 250,
  portsLimit: undefined,
  excludedInUse: [],
  conflicts: [],
  machines: [],
  inUse: true,
}
const facts = {
  name: 'a',
  uid: 'u',
  created: 0,
  generation: 7,
  deleting: false,
  automatic: false,
  spec: { cidr: '10.0.0.0/24', gateway: '10.0.0.1' },
}
const good: StatusInput = {
  facts,
  verdict: { kind: 'accepted', network: '10.0.0.0/24' },
  network: network('a', '10.0.0.0/24'),
  usage,
  rows: done,
  pods: [],
  names: ovnNames(''),
  bypasses: [],
  foundations: [done, done],
}
const typesOf = (input: StatusInput) =>
  (subnetStatus(input).conditions ?? []).map(({ type, status, reason }) => `${type}=${status} ${reason}`)

describe('a Subnet’s status', () => {
  it('is Active when its rows are there', () => {
    expect(subnetStatus(good)).toMatchObject({
      phase: 'Active',
      availableIPs: 250,
      usedIPs: 3,
      logicalSwitch: 'subnet-a',
    })
    expect(typesOf(good)).toEqual([
      'Ready=True Ready',
      'LogicalSwitchReady=True Ready',
      'IPPoolReady=True AddressesAvailable',
    ])
  })

  it('is Pending while they are not, with the reason', () => {
    const rows: OwnerStatus = { ...done, state: 'retry', reason: 'Rejected', message: 'no such column' }
    expect(subnetStatus({ ...good, rows })).toMatchObject({
      phase: 'Pending',
      reason: 'Rejected',
      message: 'no such column',
    })
    expect(subnetStatus({ ...good, rows: undefined })).toMatchObject({ phase: 'Pending', reason: 'Configuring' })
  })

  it('is Failed when the spec cannot be', () => {
    const input: StatusInput = {
      ...good,
      network: undefined,
      verdict: { kind: 'refused', problem: { reason: 'Overlap', message: 'overlaps b' } },
    }
    expect(subnetStatus(input)).toMatchObject({
      phase: 'Failed',
      reason: 'Overlap',
      message: 'overlaps b',
      availableIPs: 0,
    })
    expect(typesOf(input)).toEqual(['Ready=False Overlap'])
  })

  it('names geneve when the tunnel type bounds the switch', () => {
    const status = subnetStatus({ ...good, usage: { ...usage, portsLimit: 2047 } })
    expect(status.conditions?.find(({ type }) => type === 'PortsLimited')?.message).toContain('2,047 ports')
    expect(status.conditions?.find(({ type }) => type === 'PortsLimited')?.message).toContain('geneve')
  })

  it('names addresses that are excluded and in use, and the pods of one that is being deleted', () => {
    const pods = Array.from({ length: 12 }, (_, i) => `ns/p${String(i).padStart(2, '0')}`)
    const status = subnetStatus({
      ...good,
      facts: { ...facts, deleting: true },
      pods,
      usage: { ...usage, excludedInUse: ['10.0.0.5 (ns/x)'], conflicts: [], machines: [], inUse: true },
    })
    const message = (type: string) => status.conditions?.find(one => one.type === type)?.message
    expect(message('ExcludedInUse')).toContain('10.0.0.5 (ns/x)')
    expect(message('InUse')).toBe(
      'used by 12 pods: ns/p00, ns/p01, ns/p02, ns/p03, ns/p04, ns/p05, ns/p06, ns/p07, ns/p08, ns/p09 and 2 more',
    )
    expect(status).toMatchObject({ phase: 'Active', reason: 'Deleting' })
  })
})
