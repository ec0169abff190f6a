import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { World } from './testing/world.ts'

const pods = 1000
/** Writes at once: the API server has one processor or two. */
const atOnce = 16

let w: World
beforeAll(async () => {
  w = await World.start()
  await w.addNode('n1', '192.168.0.11')
  await w.startController()
  await w.subnet('default', ({ status }) => status?.phase === 'Active', 'Active')
  await w.settled()
})
afterAll(() => w[Symbol.asyncDispose]())

it('a thousand pods cost one PATCH each, and their Subnet at most one a second', async () => {
  const before = { PATCH: w.requests('PATCH'), PUT: w.requests('PUT'), POST: w.requests('POST') }
  const began = performance.now()
  const names = Array.from({ length: pods }, (_, i) => `pod-${i}`).values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const name of names) await w.addPod(name)
    }),
  )
  const { sources } = w.controller
  const annotated = () => {
    let count = 0
    for (const [, { annotations }] of sources.pods.entries()) if ('zstack.io/pod-ip' in annotations) count++
    return count
  }
  await waitUntil('all pods to be annotated', () => annotated() === pods, 100_000)
  await w.subnet('default', ({ status }) => status?.usedIPs === pods, `of ${pods} addresses`)
  await w.settled()
  const seconds = (performance.now() - began) / 1000
  const ofSubnet = w.requests('PATCH') - before.PATCH - pods
  expect(ofSubnet).toBeGreaterThan(0)
  expect(ofSubnet).toBeLessThanOrEqual(Math.ceil(seconds) + 1)
  expect({ PUT: w.requests('PUT'), POST: w.requests('POST') }).toEqual({ PUT: before.PUT, POST: before.POST })
}, 180_000)
