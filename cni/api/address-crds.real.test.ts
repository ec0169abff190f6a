import { type CustomResourceDefinition, isApiError, type Resource, resources } from '@ovnkit/kube'
import { type ControlPlane, startControlPlane } from '@ovnkit/kube/testing'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { customResourceDefinitions } from './crds.ts'
import { egressIPs } from './egress-ip.ts'
import { loadBalancerPools } from './load-balancer-pool.ts'

let plane: ControlPlane
beforeAll(async () => {
  plane = await startControlPlane()
  const wire: CustomResourceDefinition[] = JSON.parse(JSON.stringify(Object.values(customResourceDefinitions())))
  for (const crd of wire) await plane.client.create(resources.customResourceDefinitions, crd)
  for (const resource of [loadBalancerPools, egressIPs])
    await waitUntil(`${resource.kind} to be served`, () =>
      plane.client.list(resource).then(
        () => true,
        () => false,
      ),
    )
})
afterAll(() => plane[Symbol.asyncDispose]())

let count = 0
/** What the API server says of a spec: `ok`, or its refusal. */
async function verdict(resource: Resource, spec: object): Promise<string> {
  const object = { metadata: { name: `x${count++}` }, spec }
  try {
    await plane.client.create(resource, object)
    return 'ok'
  } catch (error) {
    if (isApiError(error, 'invalid')) return error.message
    throw error
  }
}

describe('a LoadBalancerPool', () => {
  it.each([
    ['one CIDR', { addresses: ['192.0.2.0/24'] }],
    ['ranges of both families', { addresses: ['192.0.2.5-192.0.2.9', '2001:db8::/64', '192.0.2.77'] }],
    [
      'everything',
      {
        addresses: ['192.0.2.0/24'],
        excludeIPs: ['192.0.2.1', '192.0.2.250-192.0.2.255'],
        namespaceSelector: { matchLabels: { team: 'a' } },
        serviceSelector: { matchExpressions: [{ key: 'public', operator: 'Exists' }] },
        nodeSelector: {},
        autoAssign: false,
        announce: 'none',
        interface: 'bond0.100',
      },
    ],
  ])('may have %s', async (_, spec) => {
    expect(await verdict(loadBalancerPools, spec)).toBe('ok')
  })

  it.each([
    ['no addresses', { addresses: [] }, 'spec.addresses'],
    ['the same addresses twice', { addresses: ['192.0.2.0/24', '192.0.2.0/24'] }, 'Duplicate'],
    ['a name', { addresses: ['example.com'] }, 'spec.addresses'],
    ['a prefix too long', { addresses: ['192.0.2.0/33'] }, 'spec.addresses'],
    ['a range of two families', { addresses: ['192.0.2.1-::9'] }, 'spec.addresses'],
    ['a CIDR as exclusion', { addresses: ['192.0.2.0/24'], excludeIPs: ['192.0.2.0/28'] }, 'spec.excludeIPs'],
    ['another way to announce', { addresses: ['192.0.2.0/24'], announce: 'bgp' }, 'spec.announce'],
    ['no name of an interface', { addresses: ['192.0.2.0/24'], interface: 'a/b' }, 'spec.interface'],
    [
      'an unknown operator',
      { addresses: ['192.0.2.0/24'], nodeSelector: { matchExpressions: [{ key: 'a', operator: 'Gt' }] } },
      'operator',
    ],
  ])('may not have %s', async (_, spec, text) => {
    expect(await verdict(loadBalancerPools, spec)).toContain(text)
  })

  it('announces by ARP and gives to everybody unless told otherwise', async () => {
    const { spec } = await plane.client.create(loadBalancerPools, {
      metadata: { name: 'plain' },
      spec: { addresses: ['198.51.100.0/24'] },
    })
    expect(spec).toMatchObject({ announce: 'arp', autoAssign: true })
  })
})

describe('an EgressIP', () => {
  it.each([
    ['a namespace selector', { addresses: ['192.0.2.9'], namespaceSelector: { matchLabels: { team: 'a' } } }],
    ['every pod', { addresses: ['192.0.2.9', '2001:db8::9'], podSelector: {} }],
    [
      'Subnets and exclusions',
      { addresses: ['192.0.2.9'], subnets: ['app'], excludedCIDRs: ['10.0.0.0/8', 'fd00::/8'] },
    ],
  ])('may have %s', async (_, spec) => {
    expect(await verdict(egressIPs, spec)).toBe('ok')
  })

  it.each([
    ['nobody whose traffic it is', { addresses: ['192.0.2.9'] }, 'say whose traffic'],
    ['a CIDR as address', { addresses: ['192.0.2.0/24'], podSelector: {} }, 'spec.addresses'],
    ['an address twice', { addresses: ['192.0.2.9', '192.0.2.9'], podSelector: {} }, 'Duplicate'],
    [
      'an address as excluded CIDR',
      { addresses: ['192.0.2.9'], podSelector: {}, excludedCIDRs: ['10.0.0.1'] },
      'excludedCIDRs',
    ],
  ])('may not have %s', async (_, spec, text) => {
    expect(await verdict(egressIPs, spec)).toContain(text)
  })
})
