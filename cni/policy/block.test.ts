import { parseCidr, parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { type Block, blockKey, networksOf, nodeCover } from './block.ts'

const block = (cidr: string, ...except: string[]): Block => ({
  kind: 'block',
  cidr: parseCidr(cidr),
  except: except.map(one => parseCidr(one)),
})
const join = [parseCidr('100.64.0.0/16'), parseCidr('fd98::/64')]
const node = (n: number) => ({
  own: [parseIp(`192.168.0.${n}`)],
  seen: [parseIp(`100.64.0.${n}`), parseIp(`100.64.64.${n}`), parseIp(`fd98::${n}`)],
})
const nodes = [node(2), node(3)]

describe('a block', () => {
  it('that means no node and holds no join address is what it says', () => {
    expect(nodeCover(block('10.0.0.0/8'), nodes, join)).toBeUndefined()
    expect(networksOf(block('10.0.0.0/8', '10.0.0.0/9'), 4)).toEqual(['10.128.0.0/9'])
    expect(networksOf(block('10.0.0.0/8'), 6)).toEqual([])
  })

  it('of all addresses is what it says', () => {
    expect(nodeCover(block('0.0.0.0/0'), nodes, join)).toBeUndefined()
  })

  it('that means a node has the addresses by which the node comes', () => {
    const cover = nodeCover(block('192.168.0.0/24', '192.168.0.3/32'), nodes, join)
    expect(cover).toEqual({ apart: false, addresses: ['100.64.0.2', '100.64.64.2'] })
  })

  it('that excepts a node loses the addresses by which the node comes', () => {
    const all = block('0.0.0.0/0', '192.168.0.3/32')
    const cover = nodeCover(all, nodes, join)
    expect(cover).toEqual({ apart: true, addresses: ['100.64.0.2', '100.64.64.2'] })
    const networks = networksOf(all, 4, cover, join)
    expect(networks).toContain('100.65.0.0/16')
    expect(networks.filter(text => text.startsWith('100.64.'))).toEqual(['100.64.0.2', '100.64.64.2'])
  })

  it('that holds join addresses and means no node lets none of them in', () => {
    expect(nodeCover(block('100.64.0.0/10'), nodes, join)).toEqual({ apart: true, addresses: [] })
  })

  it('has one name however it is written', () => {
    expect(blockKey(block('10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/16'))).toBe(
      blockKey(block('10.0.0.0/8', '10.0.0.0/16', '10.1.0.0/16')),
    )
  })
})
