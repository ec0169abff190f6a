import { describe, expect, it } from 'vitest'
import { createMetrics, parseListenAddress, silentLogger, startAdminServer } from './index.ts'

describe('startAdminServer', () => {
  it('tells the truth about readiness and health, and serves metrics', async () => {
    const problems: string[] = ['NB database: not connected', 'first sync not done']
    const metrics = createMetrics({ prefix: 'zstack_ovn_kubernetes_' })
    metrics.counter({ name: 'adds_total', help: 'ADDs.', labels: ['result'] }).inc({ result: 'ok' }, 2)
    const size = metrics.gauge({ name: 'pods', help: 'Pods.' })
    metrics.collect(() => size.set(7))
    metrics.histogram({ name: 'add_seconds', help: 'ADD.', buckets: [0.1, 1] }).observe(0.5)
    await using server = await startAdminServer({
      address: '127.0.0.1:0',
      logger: { ...silentLogger },
      metrics,
      ready: async () => problems,
      live: () => [],
    })
    const get = async (path: string, init?: RequestInit) => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init)
      return `${response.status} ${(await response.text()).trim()}`
    }
    expect(await get('/readyz')).toBe('503 NB database: not connected\nfirst sync not done')
    problems.length = 0
    expect(await get('/readyz?verbose')).toBe('200 ok')
    expect(await get('/healthz')).toBe('200 ok')
    const text = await get('/metrics')
    expect(text).toContain('zstack_ovn_kubernetes_adds_total{result="ok"} 2')
    expect(text).toContain('zstack_ovn_kubernetes_pods 7')
    expect(text).toContain('zstack_ovn_kubernetes_add_seconds_bucket{le="1"} 1')
    expect(text).toMatch(/process_resident_memory_bytes \d{7,}/)
    expect(text).toMatch(/process_cpu_seconds_total 0\.\d+/)
    expect(await get('/loglevel', { method: 'PUT', body: 'debug\n' })).toBe('200 debug')
    expect(await get('/loglevel')).toBe('200 debug')
    expect(await get('/nothing')).toMatch(/^404 expected one of .*\/readyz/)
  })

  it('refuses a level that does not exist', async () => {
    let level = 'info'
    const logger = {
      ...silentLogger,
      get level() {
        return level
      },
      set level(next) {
        if (next === 'loud') throw new RangeError('expected a log level')
        level = next
      },
    }
    await using server = await startAdminServer({ address: '[::1]:0', logger })
    const response = await fetch(`http://[::1]:${server.port}/loglevel`, { method: 'PUT', body: 'loud' })
    expect(response.status).toBe(400)
    expect(level).toBe('info')
  })

  it('gives the same metric for the same name', () => {
    const metrics = createMetrics()
    const spec = { name: 'a_total', help: 'a' }
    expect(metrics.counter(spec)).toBe(metrics.counter(spec))
  })
})

describe('parseListenAddress', () => {
  it('reads the usual forms', () => {
    expect(parseListenAddress(':8080')).toEqual({ port: 8080 })
    expect(parseListenAddress('127.0.0.1:0')).toEqual({ host: '127.0.0.1', port: 0 })
    expect(parseListenAddress('[fd00::1]:99')).toEqual({ host: 'fd00::1', port: 99 })
    for (const bad of ['8080', ':99999', 'fd00::1:99', '']) expect(() => parseListenAddress(bad)).toThrow(RangeError)
  })
})
