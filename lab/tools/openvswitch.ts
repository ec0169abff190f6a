import type { Progress } from '../state/progress.ts'
import { ensureRelease, type Release, trixie } from './debian.ts'

/** Of the next Debian (3.5), with every library it loads. */
const newer: Release = {
  ...trixie,
  folder: 'openvswitch-trixie',
  packages: ['openvswitch-switch', 'openvswitch-common', ...trixie.libraries],
}

const dpdkLibraries = [
  'kvargs',
  'telemetry',
  'eal',
  'ring',
  'mempool',
  'mbuf',
  'net',
  'meter',
  'ethdev',
  'vhost',
  'cryptodev',
]
const dpdkFurther = ['hash', 'rcu', 'pci', 'dmadev']

const dpdkFolder = 'usr/lib/openvswitch-switch-dpdk'

/** Of this Debian (3.1), built with DPDK, and what that loads. */
const withDpdk: Release = {
  suite: 'bookworm',
  folder: 'openvswitch-dpdk',
  packages: [
    ...['openvswitch-switch-dpdk', 'libpcap0.8', 'libibverbs1', 'ibverbs-providers', 'libnuma1'],
    ...[...dpdkLibraries, ...dpdkFurther].map(name => `librte-${name}23`),
  ],
  links: { [`${dpdkFolder}/ovs-vswitchd`]: 'ovs-vswitchd-dpdk' },
}

/**
 * The words that run ovs-vswitchd of the next Debian (3.5) on this one. Its userspace datapath follows connections without the fault of 3.1, which ends
 * on an assertion (conntrack.c, conn_update_state) when a client of a balanced UDP port asks again from the same port while endpoints come and go.
 */
export const ensureNewerSwitch = async (progress: Progress): Promise<string[]> =>
  (await ensureRelease(newer, progress)).words('usr/lib/openvswitch-switch/ovs-vswitchd')

/** The words that run an ovs-vswitchd with DPDK. */
export const ensureDpdkSwitch = async (progress: Progress): Promise<string[]> =>
  (await ensureRelease(withDpdk, progress)).words(`${dpdkFolder}/ovs-vswitchd`)
