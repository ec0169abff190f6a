import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { AddressPool, hostAddress, type IpAddress, parseCidr } from '@ovnkit/inet'

/** Question: what does one allocation cost? Medians of `ROUNDS` runs, nanoseconds an operation; node bench/inet/main.ts */
const ROUNDS = 9

interface Case {
  readonly name: string
  /** Runs `count` operations and returns how many nanoseconds they took. */
  readonly run: (count: number) => number
  readonly count: number
}

function timed(work: () => void): number {
  const start = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - start)
}

const v4 = parseCidr('10.244.0.0/16')
const v6 = parseCidr('fd00:10:244::/64')

function filled(cidr: typeof v4, count: number): { pool: AddressPool; taken: IpAddress[] } {
  const pool = new AddressPool(cidr)
  const taken = Array.from({ length: count }, () => pool.allocateNext() ?? hostAddress(cidr, 1))
  return { pool, taken }
}

const cases: readonly Case[] = [
  {
    name: '/16: fill from empty, allocateNext',
    count: 65_534,
    run: count => {
      const pool = new AddressPool(v4)
      return timed(() => {
        for (let i = 0; i < count; i++) pool.allocateNext()
      })
    },
  },
  {
    name: '/16 nearly full: release and allocateNext',
    count: 100_000,
    run: count => {
      const { pool, taken } = filled(v4, 65_000)
      return timed(() => {
        for (let i = 0; i < count; i++) {
          const ip = taken[i % taken.length]
          if (ip) pool.release(ip)
          taken[i % taken.length] = pool.allocateNext() ?? hostAddress(v4, 1)
        }
      })
    },
  },
  {
    name: '/16: allocate this one (restart)',
    count: 65_000,
    run: count => {
      const { taken } = filled(v4, count)
      const pool = new AddressPool(v4)
      return timed(() => {
        for (const ip of taken) pool.allocate(ip)
      })
    },
  },
  {
    name: '/64: fill from empty, allocateNext',
    count: 65_534,
    run: count => {
      const pool = new AddressPool(v6)
      return timed(() => {
        for (let i = 0; i < count; i++) pool.allocateNext()
      })
    },
  },
]

function measure({ name, run, count }: Case) {
  run(count)
  const perOperation = Array.from({ length: ROUNDS }, () => run(count) / count).sort((a, b) => a - b)
  const at = (part: number) => Math.round(perOperation[Math.floor((ROUNDS - 1) * part)] ?? 0)
  return { case: name, 'ns/op median': at(0.5), min: at(0), max: at(1) }
}

/** Bytes of heap and buffers for a pool with this many addresses in use. */
function memoryOf(cidr: typeof v4, count: number): number {
  const used = () => {
    globalThis.gc?.()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  const { pool } = filled(cidr, count)
  const bytes = used() - before
  return pool.used === count ? bytes : Number.NaN
}

const { values } = parseArgs({ options: { json: { type: 'string' } } })
const timings = cases.map(measure)
memoryOf(v4, 10_000)
memoryOf(v6, 10_000)
const memory = [
  { pool: '/16 with 10,000 in use', KiB: Math.round(memoryOf(v4, 10_000) / 1024) },
  { pool: '/64 with 10,000 in use', KiB: Math.round(memoryOf(v6, 10_000) / 1024) },
]
console.table(timings)
if (globalThis.gc) console.table(memory)
if (values.json) writeFileSync(values.json, JSON.stringify({ timings, memory }, undefined, 2))
