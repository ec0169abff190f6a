export type TunnelType = 'vxlan' | 'geneve'

/**
 * How many ports of any kind one logical switch can have with a tunnel type. VXLAN has 24 bits for both the network and the port: OVN gives each 12 and
 * uses half of the port keys for multicast groups; the key 0 is not used. Geneve has 15 bits for ports (ovn-architecture(7), "Tunnel Encapsulations").
 */
export const portsPerSwitch: Readonly<Record<TunnelType, number>> = { vxlan: 2047, geneve: 32767 }

/** The UDP port of a tunnel type when nothing else is said (IANA; OVN's defaults). */
export const defaultTunnelPort: Readonly<Record<TunnelType, number>> = { vxlan: 4789, geneve: 6081 }
