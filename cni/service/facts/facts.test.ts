import { describe, expect, it } from 'vitest'
import { serviceFacts } from './service.ts'
import { sliceFacts } from './slice.ts'

const metadata = { namespace: 'shop', name: 'web', uid: 'u1' }

describe('a Service', () => {
  it('is kept with its addresses, ports and policies', () => {
    const facts = serviceFacts({
      metadata,
      spec: {
        type: 'LoadBalancer',
        clusterIPs: ['10.96.0.10', 'fd00:96::a'],
        ports: [
          { port: 80, nodePort: 30080 },
          { name: 'dns', protocol: 'UDP', port: 53 },
        ],
        externalIPs: ['192.0.2.1', 'nonsense'],
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 32000,
        loadBalancerSourceRanges: [' 10.0.0.0/8 '],
        sessionAffinity: 'ClientIP',
      },
      status: {
        loadBalancer: { ingress: [{ ip: '198.51.100.7' }, { ip: '198.51.100.8', ipMode: 'Proxy' }, { hostname: 'x' }] },
      },
    })
    expect(facts).toEqual({
      namespace: 'shop',
      name: 'web',
      uid: 'u1',
      type: 'LoadBalancer',
      clusterIPs: ['10.96.0.10', 'fd00:96::a'],
      ports: [
        { name: '', protocol: 'TCP', port: 80, nodePort: 30080 },
        { name: 'dns', protocol: 'UDP', port: 53, nodePort: 0 },
      ],
      externalIPs: ['192.0.2.1'],
      ingress: [
        { ip: '198.51.100.7', mode: 'VIP' },
        { ip: '198.51.100.8', mode: 'Proxy' },
      ],
      loadBalancerClass: undefined,
      sourceRanges: ['10.0.0.0/8'],
      affinity: 10_800,
      externalLocal: true,
      internalLocal: false,
      publishNotReady: false,
      healthCheckNodePort: 32000,
      balancer: expect.objectContaining({ named: false, addresses: [] }),
    })
  })

  it.each([
    ['headless', { clusterIP: 'None', clusterIPs: ['None'] }, {}],
    ['an external name', { type: 'ExternalName', externalName: 'a.b' }, {}],
    ['without an address yet', {}, {}],
    ['of another proxy', { clusterIPs: ['10.96.0.10'] }, { 'service.kubernetes.io/service-proxy-name': '' }],
  ])('is none of ours when it is %s', (_, spec, labels) => {
    expect(serviceFacts({ metadata: { ...metadata, labels }, spec })).toBeUndefined()
  })

  it('has no load balancer’s addresses any more once its type has changed', () => {
    const spec = { type: 'ClusterIP', clusterIPs: ['10.96.0.10'] }
    expect(
      serviceFacts({ metadata, spec, status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } })?.ingress,
    ).toEqual([])
  })
})

describe('an EndpointSlice', () => {
  const labelled = { namespace: 'shop', name: 'web-abc', labels: { 'kubernetes.io/service-name': 'web' } }
  const slice = (endpoints: object[], addressType = 'IPv4') =>
    sliceFacts({ metadata: labelled, addressType, ports: [{ name: '', port: 8080 }], endpoints: endpoints as never })

  it('tells the state of each endpoint; what is not said is true of a healthy one', () => {
    const conditions = [
      {},
      { ready: true, terminating: true },
      { ready: false },
      { ready: false, terminating: true },
      { ready: false, serving: true, terminating: true },
      { ready: false, serving: false, terminating: true },
    ]
    const facts = slice(conditions.map((one, i) => ({ addresses: [`10.0.0.${i + 1}`], conditions: one })))
    expect(facts?.endpoints.map(({ state }) => state)).toEqual([
      'ready',
      'ready',
      'down',
      'draining',
      'draining',
      'down',
    ])
  })

  it('leaves out addresses that cannot be endpoints, and says which', () => {
    const bad = ['127.0.0.1', '0.0.0.0', '169.254.1.1', '224.0.0.5', 'fd00::1', 'x']
    const facts = slice([...bad, '10.0.0.1'].map(one => ({ addresses: [one] })))
    expect(facts?.endpoints.map(({ address }) => address)).toEqual(['10.0.0.1'])
    expect(facts?.ignored).toHaveLength(bad.length)
    expect(facts?.ignored[0]).toContain('127.0.0.1 is a loopback address')
  })

  it('keeps hints, node and ports', () => {
    const hints = { forZones: [{ name: 'a' }], forNodes: [{ name: 'n1' }] }
    expect(slice([{ addresses: ['10.0.0.1'], nodeName: 'n1', hints }])).toEqual({
      service: 'shop/web',
      family: 4,
      ports: [{ name: '', protocol: 'TCP', port: 8080 }],
      endpoints: [{ address: '10.0.0.1', state: 'ready', node: 'n1', hints: { zones: ['a'], nodes: ['n1'] } }],
      ignored: [],
    })
  })

  it('is none of ours without a Service, or with names for addresses', () => {
    expect(sliceFacts({ metadata: { name: 'x' }, addressType: 'IPv4', endpoints: [] })).toBeUndefined()
    expect(slice([], 'FQDN')).toBeUndefined()
  })
})
