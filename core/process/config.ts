import { readFileSync } from 'node:fs'
import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { leafSchema, removePath, type Tree, valueAt, withPath } from './config-tree.ts'
import { suggest } from './suggest.ts'

/** A rule over several keys. It runs when each of `keys` is valid by itself, so it need not repeat their checks. */
export interface ConfigRule<C> {
  readonly keys: readonly string[]
  /** @returns what is wrong, as a complete sentence; `undefined` when nothing is. */
  check(config: C): string | undefined
}

/** How a product is configured. Build with `defineConfig`, read with `loadConfig`. */
export interface ConfigDefinition<S extends z.ZodObject> {
  /** Strict objects with a default for every key: `{}` must be valid. */
  readonly schema: S
  /** Environment variables of each dotted key, the documented name first. */
  readonly env: Readonly<Record<string, readonly string[]>>
  readonly rules: readonly ConfigRule<z.infer<S>>[]
}

export interface ConfigSources {
  /** Path of a YAML file. */
  readonly file?: string | undefined
  readonly env?: Readonly<Record<string, string | undefined>>
}

// Branded texts are objects to the compiler, too: leave them as they are.
type DeepReadonly<T> = T extends string | number | bigint | boolean
  ? T
  : T extends readonly (infer U)[]
    ? readonly DeepReadonly<U>[]
    : T extends object
      ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
      : T

/** Keeps the types of a definition together. */
export function defineConfig<S extends z.ZodObject>(definition: ConfigDefinition<S>): ConfigDefinition<S> {
  return definition
}

/**
 * Read a configuration: environment over file over defaults, checked as a whole, frozen.
 * An environment variable that is set to the empty string counts as unset (Helm renders those).
 * @throws ConfigError with every problem
 */
export function loadConfig<S extends z.ZodObject>(
  definition: ConfigDefinition<S>,
  { file, env = {} }: ConfigSources,
): DeepReadonly<z.infer<S>> {
  const fromFile = readTree(file)
  const fromEnv = readEnv(definition, env)
  const source = (path: string) => {
    const key = path.replace(/(\.\d+)+$/, '')
    return fromEnv.sources.get(key) ?? (key in fromFile.flat ? `file ${file}` : 'default')
  }
  const input = [...fromEnv.values].reduce((tree, [key, value]) => withPath(tree, key, value), fromFile.tree)

  const parsed = parseValid(definition.schema, input)
  const problems = [
    ...fromFile.problems,
    ...fromEnv.problems,
    ...parsed.issues.flatMap(issue => describeIssue(definition.schema, issue, input, source)),
  ]
  const invalid = [...fromEnv.problems.map(problem => problem.key), ...parsed.issues.map(({ path }) => path.join('.'))]
  for (const rule of definition.rules) {
    if (rule.keys.some(key => invalid.some(bad => isWithin(key, bad) || isWithin(bad, key)))) continue
    const message = rule.check(parsed.config)
    if (message !== undefined) problems.push({ key: rule.keys[0] ?? '', source: source(rule.keys[0] ?? ''), message })
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return deepFreeze(parsed.config) as DeepReadonly<z.infer<S>>
}

function isWithin(key: string, ancestor: string): boolean {
  return key === ancestor || key.startsWith(`${ancestor}.`)
}

/** Parse; where keys are bad, parse again without them, so that rules over the others can still be checked. */
function parseValid<S extends z.ZodObject>(schema: S, input: Tree): { config: z.infer<S>; issues: z.core.$ZodIssue[] } {
  const first = schema.safeParse(input)
  if (first.success) return { config: first.data, issues: [] }
  const cleaned = first.error.issues.flatMap(badPaths).reduce((tree, path) => removePath(tree, path), input)
  const second = schema.safeParse(cleaned)
  return { config: second.success ? second.data : schema.parse({}), issues: first.error.issues }
}

function badPaths(issue: z.core.$ZodIssue): string[][] {
  const path = issue.path.map(String)
  return issue.code === 'unrecognized_keys' ? issue.keys.map(key => [...path, key]) : [path]
}

function describeIssue(
  schema: z.ZodObject,
  issue: z.core.$ZodIssue,
  input: Tree,
  source: (key: string) => string,
): ConfigProblem[] {
  const parent = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(leafSchema(schema, issue.path.map(String))?.shape ?? {})
    return issue.keys.map(name => {
      const key = parent === '' ? name : `${parent}.${name}`
      const meant = suggest(name, known)
      const hint = meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${meant}"?`
      return { key, source: source(key), message: `${key} (${source(key)}): unknown key; ${hint}` }
    })
  }
  const came = JSON.stringify(valueAt(input, issue.path.map(String)))
  return [
    { key: parent, source: source(parent), message: `${parent} (${source(parent)}): ${issue.message}; got ${came}` },
  ]
}

interface FileTree {
  tree: Tree
  flat: Record<string, true>
  problems: ConfigProblem[]
}

function readTree(file: string | undefined): FileTree {
  const empty = { tree: {}, flat: {}, problems: [] }
  if (file === undefined) return empty
  const fail = (message: string) => ({
    ...empty,
    problems: [{ key: '', source: `file ${file}`, message: `${file}: ${message}` }],
  })
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return fail(`cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  const document = parseDocument(text)
  if (document.errors.length > 0) return fail(document.errors.map(error => error.message.trim()).join('; '))
  const tree: unknown = document.toJS() ?? {}
  if (!isTree(tree)) return fail('expected a mapping of keys at the top')
  return { tree, flat: flatten(tree), problems: [] }
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function flatten(tree: Tree, prefix = ''): Record<string, true> {
  const flat: Record<string, true> = {}
  for (const [name, value] of Object.entries(tree)) {
    flat[prefix + name] = true
    if (isTree(value)) Object.assign(flat, flatten(value, `${prefix}${name}.`))
  }
  return flat
}

interface EnvValues {
  values: Map<string, unknown>
  sources: Map<string, string>
  problems: ConfigProblem[]
}

function readEnv<S extends z.ZodObject>(
  { schema, env: names }: ConfigDefinition<S>,
  env: Readonly<Record<string, string | undefined>>,
): EnvValues {
  const result: EnvValues = { values: new Map(), sources: new Map(), problems: [] }
  for (const [key, candidates] of Object.entries(names)) {
    const given = candidates.filter(name => env[name] !== undefined && env[name] !== '')
    const [name, other] = [given[0], given.find(one => env[one] !== env[given[0] ?? ''])]
    if (name === undefined) continue
    const source = `env ${name}`
    result.sources.set(key, source)
    if (other !== undefined) {
      const message = `${key}: ${name}=${env[name]} and ${other}=${env[other]} differ; set one of them`
      result.problems.push({ key, source, message })
    } else result.values.set(key, scalar(leafSchema(schema, key.split('.')), env[name] ?? ''))
  }
  return result
}

/** The text itself where the schema takes it; else what YAML reads it as (numbers, booleans, lists). */
function scalar(schema: z.ZodType | undefined, text: string): unknown {
  if (schema === undefined || schema.safeParse(text).success) return text
  const document = parseDocument(text)
  return document.errors.length > 0 ? text : document.toJS()
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}
