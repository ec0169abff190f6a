import { closeSync } from 'node:fs'
import { LinuxError } from './errors.ts'
import * as libc from './libc.ts'
import type { NetnsRef } from './netns.ts'
import { openSocket } from './open-socket.ts'

const AF_INET = 2
const SOCK_DGRAM = 2
const SIOCETHTOOL = 0x8946
const EOPNOTSUPP = 95
const maxName = 16

/** ETHTOOL_G* and ETHTOOL_S* commands (linux/ethtool.h). */
const commands = {
  rx: { get: 0x14, set: 0x15 },
  tx: { get: 0x16, set: 0x17 },
  sg: { get: 0x18, set: 0x19 },
  tso: { get: 0x1e, set: 0x1f },
  gso: { get: 0x23, set: 0x24 },
  gro: { get: 0x2b, set: 0x2c },
} as const

/**
 * The offloads of an interface as ethtool(8) calls them: `rx` and `tx` checksums, `sg` scatter-gather, `tso`, `gso`, `gro`.
 */
export type Offload = keyof typeof commands
export type Offloads = { readonly [K in Offload]: boolean }

/**
 * What an interface in front of a userspace datapath needs: such a datapath neither fills in checksums nor cuts large segments,
 * so TCP through it stalls while these are on.
 */
export const userspaceDatapathOffloads: Partial<Offloads> = { tx: false, tso: false, gso: false, gro: false }

const names: readonly Offload[] = ['rx', 'tx', 'sg', 'tso', 'gso', 'gro']

/** Switches offloads of the interface `name` in `netns`; those not named stay. Throws LinuxError (ENODEV, EOPNOTSUPP, ...). */
export function setOffloads(name: string, netns: NetnsRef, changes: Partial<Offloads>): void {
  using device = open(name, netns)
  for (const offload of names) {
    const value = changes[offload]
    if (value !== undefined)
      device.call(commands[offload].set, value ? 1 : 0, `switch ${offload} of ${name} ${value ? 'on' : 'off'}`)
  }
}

/** The offloads that are on now. One that the driver does not know is off. */
export function readOffloads(name: string, netns: NetnsRef): Offloads {
  using device = open(name, netns)
  const read = (offload: Offload): boolean => {
    try {
      return device.call(commands[offload].get, 0, `read ${offload} of ${name}`) !== 0
    } catch (error) {
      if (error instanceof LinuxError && error.errno === EOPNOTSUPP) return false
      throw error
    }
  }
  return { rx: read('rx'), tx: read('tx'), sg: read('sg'), tso: read('tso'), gso: read('gso'), gro: read('gro') }
}

interface Device extends Disposable {
  call(command: number, value: number, attempted: string): number
}

/** SIOCETHTOOL acts in the namespace of the socket that it is called on. */
function open(name: string, netns: NetnsRef): Device {
  if (Buffer.byteLength(name) >= maxName)
    throw new LinuxError(`find interface ${JSON.stringify(name)}`, 19, 'the name is too long')
  const fd = openSocket(netns, AF_INET, SOCK_DGRAM, 0)
  return {
    call: (command, value, attempted) => ethtool(fd, name, command, value, attempted),
    [Symbol.dispose]: () => closeSync(fd),
  }
}

/** struct ifreq { char name[16]; void *data } with data pointing at struct ethtool_value { u32 cmd; u32 data }. */
function ethtool(fd: number, name: string, command: number, value: number, attempted: string): number {
  const argument = Buffer.alloc(8)
  argument.writeUInt32LE(command)
  argument.writeUInt32LE(value, 4)
  const request = Buffer.alloc(40)
  request.write(name)
  request.writeBigUInt64LE(libc.addressOf(argument), maxName)
  if (libc.ioctl(fd, SIOCETHTOOL, request) !== 0) throw new LinuxError(attempted, libc.lastErrno())
  return argument.readUInt32LE(4)
}
