import { needsOf } from '@ovnkit/cni-policy'
import { expect, it } from 'vitest'
import { configuredPolicies } from './configured.ts'

const configured = (alwaysAllowDNS: boolean) => [...configuredPolicies({ networkPolicy: { alwaysAllowDNS } }).entries()]

it('is nothing where nothing is configured', () => {
  expect(configured(false)).toEqual([])
})

it('lets every pod ask the DNS of the cluster, and isolates nobody', () => {
  const [[key, policy] = []] = configured(true)
  expect(key).toBe('Configuration/alwaysAllowDNS')
  expect(policy).toMatchObject({ isolates: [], rules: [{ direction: 'egress', action: 'allow' }] })
  expect(policy && needsOf(policy).map(({ as }) => as)).toEqual(['subject', 'peer'])
})
