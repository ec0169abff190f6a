import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Lease } from '../resources.ts'
import { Candidacy } from './candidacy.ts'

const LEASE_MS = 15_000
const RENEW_MS = 10_000
const where = { namespace: 'n', name: 'l', leaseMs: LEASE_MS }

/** The API server's part: a version per write, refused when another one came first. */
class Registry {
  lease: Lease | undefined
  #version = 0

  write(proposal: Lease): boolean {
    if (proposal.metadata?.resourceVersion !== this.lease?.metadata?.resourceVersion) return false
    this.#version++
    this.lease = { ...proposal, metadata: { ...proposal.metadata, resourceVersion: String(this.#version) } }
    return true
  }
}

/** One process: its clock is off by a constant, and it may be asleep while the others go on. */
class Process {
  readonly candidacy: Candidacy
  readonly skew: number
  renewedAt = Number.NEGATIVE_INFINITY

  constructor(identity: string, skew: number) {
    this.candidacy = new Candidacy({ ...where, identity })
    this.skew = skew
  }

  /** Believes to be the leader at that moment of real time. */
  leads(real: number, renewMs: number): boolean {
    return this.candidacy.isHolder && real + this.skew < this.renewedAt + renewMs
  }

  step(registry: Registry, real: number, sees: boolean): void {
    const now = real + this.skew
    if (sees) this.candidacy.observe(registry.lease, now)
    if (this.candidacy.wait(now) > 0) return
    if (!registry.write(this.candidacy.claim(now * 3))) return
    this.candidacy.observe(registry.lease, now)
    this.renewedAt = now
  }
}

const step = fc.record({ who: fc.nat(2), after: fc.integer({ min: 1, max: 6_000 }), sees: fc.boolean() })
const skews = fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 3, maxLength: 3 })

/** Never two leaders at once, when a leader gives up after so long without a renewal. */
const oneLeader = (renewMs: number) =>
  fc.property(skews, fc.array(step, { minLength: 50, maxLength: 200 }), (clocks, steps) => {
    const registry = new Registry()
    const processes = clocks.map((skew, i) => new Process(`p${i}`, skew))
    let real = 0
    for (const { who, after, sees } of steps) {
      real += after
      processes[who]?.step(registry, real, sees)
      if (processes.filter(process => process.leads(real, renewMs)).length > 1) return false
    }
    return true
  })

test('whatever clocks say and whoever sleeps: never two leaders at once', () => {
  fc.assert(oneLeader(RENEW_MS))
})

test('a leader that gives up later than its lease ends would be caught by the same property', () => {
  expect(fc.check(oneLeader(LEASE_MS + 5_000), { endOnFailure: true, numRuns: 1_000 }).failed).toBe(true)
})

test('a holder is trusted for its duration from the moment it was last seen to change, not by its timestamps', () => {
  const candidacy = new Candidacy({ ...where, identity: 'me' })
  const held = (version: string) => ({
    metadata: { resourceVersion: version },
    spec: { holderIdentity: 'other', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' },
  })
  candidacy.observe(held('5'), 1_000)
  expect(candidacy.wait(2_000)).toBe(14_000)
  candidacy.observe(held('5'), 9_000)
  expect(candidacy.wait(9_000)).toBe(7_000)
  candidacy.observe(held('6'), 9_000)
  expect(candidacy.wait(9_000)).toBe(15_000)
  candidacy.observe(held('4'), 20_000)
  expect(candidacy.wait(24_000)).toBe(0)
})

test('a released lease is free at once; transitions count changes of hands, acquireTime stays while renewing', () => {
  const one = new Candidacy({ ...where, identity: 'one' })
  const registry = new Registry()
  registry.write(one.claim(0))
  one.observe(registry.lease, 0)
  expect(registry.lease?.spec).toMatchObject({
    holderIdentity: 'one',
    leaseTransitions: 0,
    acquireTime: '1970-01-01T00:00:00.000000Z',
  })
  registry.write(one.claim(2_000))
  one.observe(registry.lease, 2_000)
  expect(registry.lease?.spec).toMatchObject({
    acquireTime: '1970-01-01T00:00:00.000000Z',
    renewTime: '1970-01-01T00:00:02.000000Z',
  })
  registry.write(one.release(3_000))
  const two = new Candidacy({ ...where, identity: 'two' })
  two.observe(registry.lease, 50)
  expect(two.wait(50)).toBe(0)
  registry.write(two.claim(4_000))
  expect(registry.lease?.spec).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 })
})
