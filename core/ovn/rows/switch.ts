import type { Cidr, IpRange } from '@ovnkit/inet'
import { formatExcludeIps } from './exclude-ips.ts'
import { defined, type OvnRow, type Parent } from './row.ts'

export interface SwitchSpec {
  readonly key: string
  readonly name: string
  /** The switch's ranges, at most one a family. */
  readonly ranges?: readonly Cidr[]
  /** Addresses that OVN's own allocator must not hand out. OVN knows this for IPv4 only. */
  readonly exclude?: readonly IpRange[]
  readonly externalIds?: Readonly<Record<string, string>>
}

/** A Logical_Switch: `other_config:subnet`, `exclude_ips` (IPv4) and `ipv6_prefix` tell its ranges (ovn-nb(5)). */
export function logicalSwitch(spec: SwitchSpec): OvnRow {
  const v4 = spec.ranges?.find(range => range.family === 4)
  const v6 = spec.ranges?.find(range => range.family === 6)
  const exclude = formatExcludeIps(spec.exclude ?? [])
  return {
    table: 'Logical_Switch',
    key: spec.key,
    columns: {
      name: spec.name,
      other_config: defined({
        subnet: v4?.text,
        exclude_ips: v4 === undefined || exclude === '' ? undefined : exclude,
        // OVN takes the first 64 bits of whatever is written here and refuses a prefix length.
        ipv6_prefix: v6?.network,
      }),
      external_ids: spec.externalIds,
    },
  }
}

export interface VifPortSpec {
  readonly key: string
  readonly name: string
  readonly switch: Parent
  readonly mac: string
  readonly addresses: readonly string[]
  /** Drops packets from the port that carry another source (MAC, IP, ARP, ND). Off for a port that routes for others. */
  readonly secured: boolean
  /** system-id or hostname of the chassis that alone may bind the port. */
  readonly requestedChassis?: string | undefined
  /** The port is bound only to an Interface with the same `external_ids:iface-id-ver`. */
  readonly interfaceVersion?: string | undefined
  /** UUIDs of the DHCP_Options that answer the port, by family. */
  readonly dhcp?: { readonly 4?: string; readonly 6?: string }
  /** Keys that are undefined are taken away. */
  readonly externalIds?: Readonly<Record<string, string | undefined>>
}

/** A Logical_Switch_Port that an OVS interface with `iface-id` = `name` becomes. */
export function vifPort(spec: VifPortSpec): OvnRow {
  const addresses = [[spec.mac, ...spec.addresses].join(' ')]
  return {
    table: 'Logical_Switch_Port',
    key: spec.key,
    parent: spec.switch,
    columns: {
      name: spec.name,
      addresses,
      port_security: spec.secured ? addresses : [],
      options: defined({ 'requested-chassis': spec.requestedChassis, 'iface-id-ver': spec.interfaceVersion }),
      dhcpv4_options: spec.dhcp && (spec.dhcp[4] ?? []),
      dhcpv6_options: spec.dhcp && (spec.dhcp[6] ?? []),
      external_ids: spec.externalIds,
    },
  }
}

/** The switch's end of the patch to the router port named `routerPort`. */
export function routerAttachment(spec: { key: string; name: string; switch: Parent; routerPort: string }): OvnRow {
  return {
    table: 'Logical_Switch_Port',
    key: spec.key,
    parent: spec.switch,
    columns: { name: spec.name, type: 'router', addresses: ['router'], options: { 'router-port': spec.routerPort } },
  }
}

/**
 * A switch's way out to the physical network `network`, which each chassis finds by its `ovn-bridge-mappings` (ovn-controller(8)).
 * @param spec.tag VLAN, 0 for untagged
 */
export function localnetPort(spec: {
  key: string
  name: string
  switch: Parent
  network: string
  tag: number
}): OvnRow {
  return {
    table: 'Logical_Switch_Port',
    key: spec.key,
    parent: spec.switch,
    columns: {
      name: spec.name,
      type: 'localnet',
      addresses: ['unknown'],
      options: { network_name: spec.network },
      tag: spec.tag === 0 ? [] : spec.tag,
    },
  }
}
