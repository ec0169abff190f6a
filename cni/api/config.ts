import { type Cidr, cidrsOverlap, type Family, ipFamily } from '@ovnkit/inet'
import { type ConfigRule, defineConfig, loadConfig } from '@ovnkit/process'
import { configSchema } from './config-schema.ts'
import { paths } from './names.ts'
import { usesTls } from './remotes.ts'

const families = (ranges: readonly Cidr[]): readonly Family[] => ranges.map(range => range.family)

const rules: ConfigRule<ReturnType<typeof configSchema.parse>>[] = [
  {
    keys: ['ovn.nbdbAddress', 'ovn.mode'],
    check: ({ ovn }) =>
      ovn.mode === 'external' && ovn.nbdbAddress === ''
        ? 'ovn.nbdbAddress: expected the Northbound address of ZStack in mode external (tcp:192.0.2.1:6641), got none'
        : undefined,
  },
  {
    keys: ['ovn.sbdbAddress', 'ovn.mode'],
    check: ({ ovn }) =>
      ovn.mode === 'external' && ovn.sbdbAddress === ''
        ? 'ovn.sbdbAddress: expected the Southbound address of ZStack in mode external (tcp:192.0.2.1:6642), got none'
        : undefined,
  },
  {
    keys: ['ovn.ssl', 'ovn.nbdbAddress', 'ovn.sbdbAddress'],
    check: ({ ovn }) => {
      const missing = (['caCert', 'clientCert', 'clientKey'] as const).filter(name => ovn.ssl[name] === '')
      if (ovn.ssl.enabled && missing.length > 0) {
        return `ovn.ssl: enabled needs the files ${missing.map(name => `ovn.ssl.${name}`).join(', ')}`
      }
      const tls = usesTls(ovn.nbdbAddress) || usesTls(ovn.sbdbAddress)
      return tls && !ovn.ssl.enabled ? 'ovn.ssl.enabled: ssl: addresses need ovn.ssl.enabled: true' : undefined
    },
  },
  overlap('clusterCIDR', 'serviceCIDR'),
  overlap('clusterCIDR', 'joinCIDR'),
  overlap('serviceCIDR', 'joinCIDR'),
  {
    keys: ['network.joinCIDR', 'network.clusterCIDR'],
    check: ({ network }) => {
      const missing = families(network.clusterCIDR).filter(family => !families(network.joinCIDR).includes(family))
      return missing.length > 0
        ? `network.joinCIDR: expected an IPv${missing[0]} range too, as clusterCIDR has one`
        : undefined
    },
  },
  {
    keys: ['network.serviceCIDR', 'network.clusterCIDR'],
    check: ({ network }) => {
      const extra = families(network.serviceCIDR).filter(family => !families(network.clusterCIDR).includes(family))
      return extra.length > 0
        ? `network.serviceCIDR: IPv${extra[0]} Services need an IPv${extra[0]} clusterCIDR`
        : undefined
    },
  },
  {
    keys: ['network.nodeSubnetSize', 'network.clusterCIDR'],
    check: ({ network }) => {
      const range = network.clusterCIDR.find(({ family }) => family === 4)
      return range !== undefined && range.prefixLength > network.nodeSubnetSize
        ? `network.nodeSubnetSize: a /${network.nodeSubnetSize} does not fit into clusterCIDR ${range.text}`
        : undefined
    },
  },
  {
    keys: ['network.joinCIDR'],
    check: ({ network }) => {
      const small = network.joinCIDR.find(({ first, last }) => last - first < 63n)
      return small && `network.joinCIDR: ${small.text} is too small for management ports; expected 64 addresses or more`
    },
  },
  {
    keys: ['gateway.interface', 'gateway.mode'],
    check: ({ gateway }) =>
      gateway.mode === 'shared' && gateway.interface === ''
        ? 'gateway.interface: expected the NIC that mode shared puts into its bridge, got none'
        : undefined,
  },
  {
    keys: ['network.mtu', 'network.clusterCIDR'],
    check: ({ network }) =>
      network.mtu !== 0 && network.mtu < 1280 && families(network.clusterCIDR).includes(6)
        ? `network.mtu: IPv6 needs 1280 or more (RFC 8200), got ${network.mtu}`
        : undefined,
  },
  {
    keys: ['dpdk.enabled', 'ovs.datapathType'],
    check: ({ dpdk, ovs }) =>
      dpdk.enabled && ovs.datapathType === 'system' ? 'dpdk.enabled: needs ovs.datapathType netdev or auto' : undefined,
  },
  {
    keys: ['tunnel.encapIP', 'gateway.nextHop'],
    check: ({ gateway }) =>
      gateway.mode === 'local' && gateway.nextHop.length > 0
        ? `gateway.nextHop: only mode shared has a next hop, got ${gateway.nextHop.map(ip => `${ip} (IPv${ipFamily(ip)})`)}`
        : undefined,
  },
]

type RangeKey = 'clusterCIDR' | 'serviceCIDR' | 'joinCIDR'

function overlap(one: RangeKey, other: RangeKey): (typeof rules)[number] {
  return {
    keys: [`network.${one}`, `network.${other}`],
    check: ({ network }) => {
      for (const a of network[one]) {
        const b = network[other].find(range => cidrsOverlap(a, range))
        if (b !== undefined) return `network.${one} ${a.text} overlaps network.${other} ${b.text}`
      }
      return undefined
    },
  }
}

/** The documented name, and the shorter spelling that the documents use as well. */
const env = (name: string) => [`ZSTACK_OVN_${name}`, `ZSTACK_${name}`]

/** The product's configuration: keys, environment variables, rules over several keys. */
export const configDefinition = defineConfig({
  schema: configSchema,
  env: {
    'ovn.mode': env('MODE'),
    'ovn.clusterName': env('CLUSTER_NAME'),
    'ovn.nbdbAddress': env('NBDB_ADDRESS'),
    'ovn.sbdbAddress': env('SBDB_ADDRESS'),
    'ovn.ssl.enabled': env('SSL_ENABLED'),
    'ovn.ssl.caCert': env('SSL_CA_CERT'),
    'ovn.ssl.clientCert': env('SSL_CLIENT_CERT'),
    'ovn.ssl.clientKey': env('SSL_CLIENT_KEY'),
    'network.clusterCIDR': env('CLUSTER_CIDR'),
    'network.serviceCIDR': env('SERVICE_CIDR'),
    'network.joinCIDR': env('JOIN_CIDR'),
    'network.mtu': env('MTU'),
    'gateway.mode': env('GATEWAY_MODE'),
    'gateway.interface': env('GATEWAY_INTERFACE'),
    'tunnel.type': env('TUNNEL_TYPE'),
    'tunnel.port': env('TUNNEL_PORT'),
    'tunnel.encapIP': env('TUNNEL_ENCAP_IP'),
    'dpdk.enabled': env('DPDK_ENABLED'),
    'dpdk.socketDir': env('DPDK_SOCKET_DIR'),
    'dpdk.socketMode': env('DPDK_SOCKET_MODE'),
    'dpdk.queues': env('DPDK_QUEUES'),
    'dpdk.minHugepagesMB': env('DPDK_MIN_HUGEPAGES_MB'),
    'ovs.datapathType': env('DATAPATH_TYPE'),
    'logging.level': env('LOG_LEVEL'),
    'logging.format': env('LOG_FORMAT'),
  },
  rules,
})

export type Config = ReturnType<typeof readConfig>

/**
 * The configuration of this process: environment over file over defaults. Without a path, the file is the one that
 * `ZSTACK_OVN_CONFIG_FILE` names; without that, the defaults stand alone.
 * @throws ConfigError with every problem
 */
export function readConfig({ file, env }: { file?: string | undefined; env: NodeJS.ProcessEnv }) {
  return loadConfig(configDefinition, { file: file ?? (env.ZSTACK_OVN_CONFIG_FILE || undefined), env })
}

/** Address of the Northbound database. */
export function nbRemote({ ovn }: Config): string {
  return ovn.nbdbAddress || paths.nbDatabase
}

/** Address of the Southbound database. */
export function sbRemote({ ovn }: Config): string {
  return ovn.sbdbAddress || paths.sbDatabase
}

/** UDP port of tunnels of a type, the configured one unless another is in force. */
export function tunnelPort({ tunnel }: Config, type: string = tunnel.type): number {
  return tunnel.port || (type === 'vxlan' ? 4789 : 6081)
}
