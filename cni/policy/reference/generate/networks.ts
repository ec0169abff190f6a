import fc from 'fast-check'
import { around } from './place.ts'
import { pool } from './pool.ts'

export const families = fc.constantFrom<(4 | 6)[]>(4, 6)
/** What networks are made around. */
export const places = [...pool.map(({ key }) => key), 'n1', 'n2', 'client']
/** Lengths of prefixes, from everything to one address. */
export const lengths = { 4: [0, 8, 16, 24, 28, 30, 31, 32], 6: [0, 16, 64, 112, 124, 127, 128] } as const

/** Networks of every length around somebody, as tokens of `place.ts`. */
export const networks: fc.Arbitrary<string> = fc
  .tuple(families, fc.constantFrom(...places), fc.nat())
  .map(([family, place, length]) => around(place, family, lengths[family][length % lengths[family].length] ?? 0))
