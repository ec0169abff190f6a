import fc from 'fast-check'
import type { LabelSelector, Labels, Requirement } from '../objects.ts'
import { spaces } from './pool.ts'

type Keys = Readonly<Record<string, readonly string[]>>

/** Few keys and values: selectors that select nobody, or everybody, find no mistakes. */
const podKeys = { app: ['a', 'b', 'c'], tier: ['x', ''] } as const
const spaceKeys = { team: ['r', 's'], env: ['t', 'u'] } as const
/** Nodes have labels of their own beside it. */
export const nodeKeys = { rack: ['1', '2'] } as const

const someLabels = (keys: Keys): fc.Arbitrary<Labels> =>
  fc
    .tuple(
      ...Object.entries(keys).map(([key, values]) => fc.tuple(fc.constant(key), fc.constantFrom(undefined, ...values))),
    )
    .map(pairs => Object.fromEntries(pairs.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))))

export const podLabels = someLabels(podKeys)
export const spaceLabels = someLabels(spaceKeys)
export const nodeLabels = someLabels(nodeKeys)

function requirement(keys: Keys): fc.Arbitrary<Requirement> {
  return fc.constantFrom(...Object.keys(keys)).chain(key =>
    fc.oneof(
      fc.constantFrom('Exists', 'DoesNotExist').map(operator => ({ key, operator })),
      fc
        .tuple(fc.constantFrom('In', 'NotIn'), fc.subarray([...(keys[key] ?? [])], { minLength: 1 }))
        .map(([operator, values]) => ({ key, operator, values })),
    ),
  )
}

const selector = (keys: Keys): fc.Arbitrary<LabelSelector> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: someLabels(keys).map(matchLabels => ({ matchLabels })) },
    {
      weight: 3,
      arbitrary: fc
        .array(requirement(keys), { minLength: 1, maxLength: 2 })
        .map(matchExpressions => ({ matchExpressions })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(someLabels(keys), requirement(keys))
        .map(([matchLabels, one]) => ({ matchLabels, matchExpressions: [one] })),
    },
  )

export const podSelector = selector(podKeys)
export const namespaceSelector = fc.oneof(
  { weight: 4, arbitrary: selector(spaceKeys) },
  // The label that every namespace has by itself.
  {
    weight: 1,
    arbitrary: fc.constantFrom(...spaces).map(name => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })),
  },
)
export const nodeSelector = selector(nodeKeys)
