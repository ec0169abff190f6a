import { createMetrics } from '@ovnkit/process'
import { expect, test } from 'vitest'
import { Engine } from './engine.ts'
import { MemoryObject, MemoryTarget } from './memory-target.ts'
import { Store } from './store.ts'

test('counts, owners by state and outages are shown', async () => {
  const store = new Store<string>({ name: 'store' })
  store.replace([
    ['good', ''],
    ['bad', ''],
  ])
  const target = new MemoryTarget()
  target.refuse = owner => (owner === 'x/bad' ? 'no' : undefined)
  const metrics = createMetrics()
  const engine = new Engine({
    metrics,
    targets: [target],
    owners: [
      { kind: 'x', keys: store, render: key => ({ kind: 'objects', objects: [new MemoryObject('memory', key)] }) },
    ],
  })
  engine.start()
  await engine.settled()
  for (let scrape = 0; scrape < 2; scrape++) {
    const text = await metrics.render()
    expect(text).toContain('reconcile_renders_total 2')
    expect(text).toContain('reconcile_operations_total 1')
    expect(text).toContain('reconcile_owners{state="done"} 1')
    expect(text).toContain('reconcile_owners{state="retry"} 1')
    expect(text).toContain('reconcile_outages 0')
  }
  engine[Symbol.dispose]()
})
