import { expect, it } from 'vitest'
import { parseOptions } from './options.ts'

it('has the documented defaults', () => {
  expect(parseOptions([], { POD_NAME: 'c-0' })).toMatchObject({
    leaderElect: true,
    leaseNamespace: 'kube-system',
    leaseName: 'zstack-ovnkube-controller-leader',
    leaseSeconds: 15,
    renewSeconds: 10,
    retrySeconds: 2,
    metricsAddress: ':8080',
    healthAddress: ':8081',
  })
})

it('says what was expected of a flag', () => {
  expect(() => parseOptions(['--leader-elect=maybe'], {})).toThrow(
    '--leader-elect: expected true or false, got "maybe"',
  )
  expect(() => parseOptions(['--leader-elect-lease-duration=long'], {})).toThrow('expected seconds such as 15s')
  expect(() => parseOptions(['--log-level=loud'], {})).toThrow('expected one of')
  expect(() => parseOptions(['--frobnicate'], {})).toThrow('--frobnicate')
})
