import { BlockList, isIP } from 'node:net'

export type Family = 4 | 6

export const familyOf = (address: string): Family => (isIP(address) === 6 ? 6 : 4)

const kinds = { 4: 'ipv4', 6: 'ipv6' } as const

/** Whether an address lies in `address/prefix`; networks of the other family hold none. By Node's own arithmetic. */
export function liesIn(address: string, cidr: string): boolean {
  const [network = '', prefix] = cidr.split('/')
  const family = familyOf(network)
  if (family !== familyOf(address)) return false
  const list = new BlockList()
  list.addSubnet(network, Number(prefix), kinds[family])
  return list.check(address, kinds[family])
}
