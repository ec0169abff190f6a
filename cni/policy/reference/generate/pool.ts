import type { PoolPod } from './situation.ts'

/** Numbers that every pod of the pool listens on. */
export const listening = { TCP: [7080, 7081, 7082], UDP: [7080, 7081] } as const

export const spaces = ['w', 'x', 'y', 'z'] as const
/** Names of which pods of the pool have different numbers, one of them in both protocols. */
export const portNames = ['web', 'dns', 'alt'] as const

const port = (name: string, containerPort: number, protocol = 'TCP') => ({ name, containerPort, protocol })

const kinds = [
  [port('web', 7080), port('dns', 7080, 'UDP')],
  [port('web', 7081), port('dns', 7081, 'UDP'), port('alt', 7080)],
  [port('web', 7082), port('alt', 7081, 'UDP')],
  [],
]

/** Four namespaces of four pods, each a pair of nodes; every kind of named ports in every namespace. */
export const pool: readonly PoolPod[] = spaces.flatMap((space, i) =>
  ['a', 'b', 'c', 'd'].map((name, k) => ({
    key: `${space}/${name}`,
    node: `n${1 + ((i + k) % 2)}`,
    ports: kinds[k] ?? [],
  })),
)
