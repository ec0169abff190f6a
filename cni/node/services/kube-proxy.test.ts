import { describe, expect, it } from 'vitest'
import { kubeProxyMode } from './kube-proxy.ts'

const ruleset = (...nftables: object[]) => ({ nftables: [{ metainfo: { version: '1.0.6' } }, ...nftables] })

describe('a kube-proxy', () => {
  it.each([
    ['nftables', ruleset({ table: { family: 'ip', name: 'kube-proxy' } }), []],
    ['iptables', ruleset({ chain: { family: 'ip', table: 'nat', name: 'KUBE-SERVICES' } }), []],
    ['ipvs', ruleset({ chain: { family: 'ip', table: 'nat', name: 'KUBE-SERVICES' } }), ['eth0', 'kube-ipvs0']],
  ])('is known by what its mode %s leaves', (mode, rules, links) => {
    expect(kubeProxyMode(rules, links)).toBe(mode)
  })

  it('is not what a kubelet or a container engine leaves', () => {
    const kubelet = { chain: { family: 'ip', table: 'nat', name: 'KUBE-MARK-MASQ' } }
    const docker = { chain: { family: 'ip', table: 'nat', name: 'DOCKER' } }
    expect(kubeProxyMode(ruleset(kubelet, docker, { table: { family: 'inet', name: 'zstack-ovn' } }), ['eth0'])).toBe(
      undefined,
    )
    expect(kubeProxyMode(undefined, [])).toBeUndefined()
  })
})
