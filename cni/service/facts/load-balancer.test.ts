import { annotationNames, loadBalancerClass } from '@ovnkit/cni-api'
import type { Service } from '@ovnkit/kube'
import { describe, expect, it } from 'vitest'
import { ingressAddresses } from './load-balancer.ts'
import { serviceFacts } from './service.ts'

const names = annotationNames.service
const facts = (spec: Service['spec'], annotations: Record<string, string> = {}) =>
  serviceFacts({
    metadata: { namespace: 'shop', name: 'web', uid: 'u', annotations, labels: { app: 'web' } },
    spec: { type: 'LoadBalancer', clusterIPs: ['10.96.0.10'], ipFamilies: ['IPv4'], ...spec },
  })

describe('what a Service of type LoadBalancer asks for', () => {
  it('is ours to give with our class or none', () => {
    expect(facts({})?.balancer?.named).toBe(false)
    expect(facts({ loadBalancerClass })?.balancer?.named).toBe(true)
    expect(facts({ loadBalancerClass: 'example.com/other' })?.balancer).toBeUndefined()
    expect(facts({ type: 'NodePort' })?.balancer).toBeUndefined()
  })

  it('is an address, a pool, families', () => {
    expect(facts({ loadBalancerIP: '192.0.2.1' })?.balancer?.addresses).toEqual(['192.0.2.1'])
    const wish = { [names.loadBalancerIps]: ' 192.0.2.2, 2001:db8::2', [names.loadBalancerPool]: 'public' }
    const dual = { ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'PreferDualStack', loadBalancerIP: '192.0.2.1' }
    expect(facts(dual, wish)?.balancer).toMatchObject({
      addresses: ['192.0.2.2', '2001:db8::2'],
      pool: 'public',
      families: [6, 4],
      preferDual: true,
      labels: { app: 'web' },
    })
  })

  it('is known to be ours by what we wrote, whatever it is now', () => {
    const written = { [names.recordedPool]: 'public', [names.loadBalancerNode]: 'n1' }
    expect(facts({ type: 'ClusterIP' }, { ...written, other: 'x' })?.written).toEqual(written)
    expect(facts({}, written)?.balancer).toMatchObject({ recordedPool: 'public', node: 'n1' })
  })
})

it('addresses of an ingress list are those that are addresses', () => {
  expect(ingressAddresses([{ ip: '192.0.2.1' }, { hostname: 'x' }, { ip: 'y' }, null])).toEqual(['192.0.2.1'])
})
