import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { inside, type Lab, requireInit } from '@ovnkit/lab'

const run = promisify(execFile)
const addresses = { n1: '198.18.0.1', n2: '198.18.0.2' } as const

/**
 * Makes the second NICs of the two nodes, veth pairs on one Linux bridge, a path without any of the product (addresses of RFC 2544), with the kernel's offloads or, as
 * the userspace datapath needs its interfaces, without.
 * @returns the other end's address
 */
export async function plainPath(lab: Lab, offloads: boolean): Promise<string> {
  const state = offloads ? 'on' : 'off'
  const features = ['tx', 'gso', 'tso', 'gro'].flatMap(feature => [feature, state])
  for (const [node, address] of Object.entries(addresses)) {
    const [program = '', ...words] = inside(requireInit(lab.machine(node)))
    await run(program, [...words, 'ip', 'address', 'replace', `${address}/24`, 'dev', 'eth1'])
    await run(program, [...words, 'ethtool', '-K', 'eth1', ...features])
  }
  return addresses.n2
}
