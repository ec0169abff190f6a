import { ConfigError } from '@ovnkit/process'
import { describe, expect, it } from 'vitest'
import { configDefinition, nbRemote, readConfig, tunnelPort } from './index.ts'

function problems(env: Record<string, string>): string[] {
  try {
    readConfig({ env })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ message }) => message)
    throw error
  }
  return []
}

describe('readConfig', () => {
  it('has the documented defaults', () => {
    const config = readConfig({ env: {} })
    expect(config).toMatchObject({
      ovn: { mode: 'standalone', connectTimeout: 30_000, reconnectInterval: 1000, maxReconnectInterval: 60_000 },
      gateway: { mode: 'local' },
      tunnel: { type: 'vxlan' },
      network: { nodeSubnetSize: 24, mtu: 0 },
      dpdk: { enabled: false, socketMode: 'client', queues: 1, minHugepagesMB: 1024 },
      logging: { level: 'info', format: 'json' },
      cni: { socketPath: '/var/run/zstack-ovn/cni-server.sock', confFile: '10-zstack-ovn.conflist' },
    })
    expect(config.network.clusterCIDR.map(cidr => cidr.text)).toEqual(['10.244.0.0/16'])
    expect(config.network.serviceCIDR.map(cidr => cidr.text)).toEqual(['10.96.0.0/16'])
    expect(nbRemote(config)).toBe('unix:/var/run/ovn/ovnnb_db.sock')
    expect(tunnelPort(config)).toBe(4789)
    expect(tunnelPort(readConfig({ env: { ZSTACK_TUNNEL_TYPE: 'geneve' } }))).toBe(6081)
  })

  it('reads the documented variables and their shorter spelling', () => {
    const config = readConfig({
      env: {
        ZSTACK_OVN_MODE: 'external',
        ZSTACK_OVN_NBDB_ADDRESS: 'ssl:192.0.2.1:6641,ssl:[2001:db8::1]:6641',
        ZSTACK_OVN_SBDB_ADDRESS: 'tcp:ovn.example:6642',
        ZSTACK_OVN_SSL_ENABLED: 'true',
        ZSTACK_OVN_SSL_CA_CERT: '/ca',
        ZSTACK_OVN_SSL_CLIENT_CERT: '/cert',
        ZSTACK_OVN_SSL_CLIENT_KEY: '/key',
        ZSTACK_CLUSTER_CIDR: 'fd01::/64, 10.1.0.0/16',
        ZSTACK_SERVICE_CIDR: '10.2.0.0/16',
        ZSTACK_LOG_LEVEL: 'debug',
        ZSTACK_GATEWAY_MODE: 'local',
      },
    })
    expect(config.network.clusterCIDR.map(cidr => cidr.text)).toEqual(['10.1.0.0/16', 'fd01::/64'])
    expect(config).toMatchObject({ ovn: { mode: 'external', ssl: { enabled: true } }, logging: { level: 'debug' } })
  })

  it.each<[string, Record<string, string>, RegExp[]]>([
    ['a bad CIDR', { ZSTACK_OVN_CLUSTER_CIDR: '10.0.0.1/16' }, [/the network is 10\.0\.0\.0\/16/]],
    ['two of one family', { ZSTACK_OVN_CLUSTER_CIDR: '10.0.0.0/16,10.1.0.0/16' }, [/one of each family/]],
    [
      'ranges that overlap',
      { ZSTACK_OVN_CLUSTER_CIDR: '10.0.0.0/8', ZSTACK_OVN_JOIN_CIDR: '10.96.128.0/17' },
      [/clusterCIDR 10.0.0.0\/8 overlaps network.serviceCIDR/, /clusterCIDR.*joinCIDR/, /serviceCIDR.*joinCIDR/],
    ],
    ['external without addresses', { ZSTACK_OVN_MODE: 'external' }, [/ovn.nbdbAddress/, /ovn.sbdbAddress/]],
    ['an address that is none', { ZSTACK_OVN_NBDB_ADDRESS: 'tcp://1.2.3.4:6641' }, [/tcp:\/\/1.2.3.4:6641/]],
    ['ssl: without TLS', { ZSTACK_OVN_NBDB_ADDRESS: 'ssl:1.2.3.4:6641' }, [/ovn.ssl.enabled/]],
    ['TLS without files', { ZSTACK_OVN_SSL_ENABLED: 'true' }, [/ovn.ssl.caCert, ovn.ssl.clientCert/]],
    ['a shared gateway without NIC', { ZSTACK_OVN_GATEWAY_MODE: 'shared' }, [/gateway.interface/]],
    [
      'an IPv6 MTU too small',
      { ZSTACK_MTU: '1000', ZSTACK_CLUSTER_CIDR: 'fd01::/64', ZSTACK_SERVICE_CIDR: 'fd02::/112' },
      [/1280/],
    ],
    ['Services of a family without pods', { ZSTACK_SERVICE_CIDR: '10.96.0.0/16,fd02::/112' }, [/IPv6 Services/]],
    ['a join range without the family', { ZSTACK_JOIN_CIDR: 'fd98::/64' }, [/IPv4 range too/]],
    ['a join range too small', { ZSTACK_JOIN_CIDR: '100.64.0.0/28' }, [/too small/]],
    ['a block larger than the range', { ZSTACK_CLUSTER_CIDR: '10.1.0.0/26' }, [/does not fit/]],
    ['two names that differ', { ZSTACK_MODE: 'standalone', ZSTACK_OVN_MODE: 'external' }, [/differ/]],
    [
      'several at once',
      { ZSTACK_MODE: 'x', ZSTACK_MTU: '5', ZSTACK_TUNNEL_TYPE: 'gre' },
      [/ovn.mode/, /mtu/, /tunnel/],
    ],
  ])('refuses %s', (_, env, messages) => {
    const found = problems(env)
    expect(found).toHaveLength(messages.length)
    for (const message of messages) expect(found).toContainEqual(expect.stringMatching(message))
  })

  it('knows a variable for every name that the documents list', () => {
    const names = new Set(Object.values(configDefinition.env).flat())
    const documented =
      'MODE NBDB_ADDRESS SBDB_ADDRESS SSL_ENABLED SSL_CA_CERT SSL_CLIENT_CERT SSL_CLIENT_KEY CLUSTER_CIDR SERVICE_CIDR GATEWAY_MODE GATEWAY_INTERFACE TUNNEL_TYPE DPDK_ENABLED DPDK_SOCKET_DIR DPDK_SOCKET_MODE DPDK_QUEUES DPDK_MIN_HUGEPAGES_MB LOG_LEVEL LOG_FORMAT'
    for (const name of documented.split(' ')) expect(names).toContain(`ZSTACK_OVN_${name}`)
    for (const name of ['CLUSTER_CIDR', 'SERVICE_CIDR', 'GATEWAY_MODE', 'TUNNEL_TYPE', 'LOG_LEVEL']) {
      expect(names).toContain(`ZSTACK_${name}`)
    }
  })
})
