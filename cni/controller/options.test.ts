import { parseFlags } from '@ovnkit/process'
import { expect, it } from 'vitest'
import { program, readOptions } from './options.ts'

function parse(...args: string[]) {
  const invocation = parseFlags(program, args)
  return invocation.kind === 'run' ? readOptions(invocation.values, { POD_NAME: 'c-0' }) : invocation
}

it('has the documented defaults', () => {
  expect(parse()).toMatchObject({
    leaderElect: true,
    leaseNamespace: 'kube-system',
    leaseName: 'zstack-ovnkube-controller-leader',
    leaseSeconds: 15,
    renewSeconds: 10,
    retrySeconds: 2,
    metricsAddress: ':8080',
    healthAddress: ':8081',
    identity: expect.stringMatching(/^c-0_/),
  })
})

it('says what was expected of a flag', () => {
  expect(() => parse('--leader-elect=maybe')).toThrow('--leader-elect: expected true or false, got "maybe"')
  expect(() => parse('--leader-elect-lease-duration=long')).toThrow('expected seconds such as 15s')
  expect(() => parse('--log-level=loud')).toThrow('expected one of')
  expect(parse('--frobnicate')).toMatchObject({
    kind: 'print',
    status: 2,
    text: expect.stringContaining('--frobnicate'),
  })
})
