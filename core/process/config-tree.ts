import * as z from 'zod'

/** A mapping as a YAML file holds it. */
export type Tree = Readonly<Record<string, unknown>>

function asTree(value: unknown): Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : {}
}

export function valueAt(tree: Tree, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, name) => (Array.isArray(node) ? node[Number(name)] : asTree(node)[name]), tree)
}

/** A copy of the tree with the value at a dotted key. */
export function withPath(tree: Tree, key: string, value: unknown): Tree {
  const [name = '', ...rest] = key.split('.')
  return { ...tree, [name]: rest.length === 0 ? value : withPath(asTree(tree[name]), rest.join('.'), value) }
}

/** A copy of the tree without the value at this path. Elements of lists go with their list. */
export function removePath(tree: Tree, path: readonly string[]): Tree {
  const [name, ...rest] = path
  if (name === undefined || !(name in tree)) return tree
  const inner = tree[name]
  if (rest.length > 0 && typeof inner === 'object' && inner !== null && !Array.isArray(inner)) {
    return { ...tree, [name]: removePath(asTree(inner), rest) }
  }
  const { [name]: _, ...others } = tree
  return others
}

/** The schema of the value at a path: through objects and the defaults around them. */
export function leafSchema(
  schema: z.ZodType,
  path: readonly string[],
): (z.ZodType & { shape?: z.ZodRawShape }) | undefined {
  const bare = unwrap(schema)
  const [name, ...rest] = path
  if (name === undefined) return bare
  const inner = bare instanceof z.ZodObject ? bare.shape[name] : undefined
  return inner instanceof z.ZodType ? leafSchema(inner, rest) : undefined
}

function unwrap(schema: z.ZodType): z.ZodType {
  const wrapped =
    schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
      ? schema.unwrap()
      : undefined
  return wrapped instanceof z.ZodType ? unwrap(wrapped) : schema
}
