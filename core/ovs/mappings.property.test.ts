import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatBridgeMappings, merge, parseBridgeMappings } from './mappings.ts'

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/)
const mappings = fc
  .uniqueArray(fc.tuple(name, name), { selector: ([network]) => network, maxLength: 6 })
  .map(pairs => new Map(pairs))

describe('bridge mappings', () => {
  test('survive being written and read', () => {
    fc.assert(
      fc.property(mappings, each => {
        expect(parseBridgeMappings(formatBridgeMappings(each))).toEqual(each)
      }),
    )
  })

  test('what is not a mapping is left out, spaces do not matter', () => {
    expect([...parseBridgeMappings(' a:br-a , b:br-b,, broken,:x,y:')]).toEqual([
      ['a', 'br-a'],
      ['b', 'br-b'],
    ])
    expect(parseBridgeMappings('').size).toBe(0)
  })

  test('a merge keeps what others have, has what is wanted or a conflict, and changes nothing when done again', () => {
    fc.assert(
      fc.property(mappings, mappings, mappings, (held, wanted, released) => {
        const { merged, conflicts } = merge(held, wanted, released)
        const refused = new Set(conflicts.map(({ network }) => network))
        for (const [network, bridge] of wanted)
          expect(merged.get(network)).toBe(refused.has(network) ? held.get(network) : bridge)
        for (const [network, bridge] of held) {
          const ours = wanted.has(network) || released.get(network) === bridge
          if (!ours) expect(merged.get(network)).toBe(bridge)
        }
        for (const network of merged.keys()) expect(held.has(network) || wanted.has(network)).toBe(true)
        expect([...merge(merged, wanted, new Map()).merged]).toEqual([...merged])
      }),
    )
  })

  test('what we add and release again leaves what was there', () => {
    fc.assert(
      fc.property(mappings, mappings, (held, wanted) => {
        const { merged, conflicts } = merge(held, wanted, new Map())
        const added = new Map(
          [...wanted].filter(([network]) => !held.has(network) && !conflicts.some(each => each.network === network)),
        )
        expect([...merge(merged, new Map(), added).merged]).toEqual([...held])
      }),
    )
  })
})
