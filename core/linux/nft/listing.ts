import { chainKey, elementContent, elementKey, ruleMark, rulesHash, setContent, setKey } from './desired.ts'
import type { NftTable } from './program.ts'

/** What a table holds: the text of each chain, set and element by its key, comparable with `content` of what is desired. */
export type Contents = Map<string, string>

type Json = Readonly<Record<string, unknown>>

/** Reads the answer of `nft -j list table` (libnftables-json(5)). Elements of sets with a timeout are left out. */
export function parseListing(listing: unknown, table: NftTable): Contents {
  const contents: Contents = new Map()
  const rules = new Map<string, string[]>()
  const objects = array(record(listing).nftables).map(record)
  for (const object of objects) {
    if (object.rule === undefined) continue
    const { chain, comment } = record(object.rule)
    const name = String(chain)
    rules.set(name, [...(rules.get(name) ?? []), typeof comment === 'string' ? comment : ''])
  }
  for (const object of objects) {
    if (object.chain !== undefined) readChain(record(object.chain), table, rules, contents)
    if (object.set !== undefined) readSet(record(object.set), table, contents)
    if (object.map !== undefined) readSet(record(object.map), table, contents)
  }
  return contents
}

function readChain(chain: Json, table: NftTable, rules: Map<string, string[]>, contents: Contents): void {
  const name = String(chain.name)
  contents.set(chainKey(table, name), `${hookOf(chain)}${versionOf(rules.get(name) ?? [])}`)
}

/** As `hookText` has it; a policy that is not ours makes it another hook. */
function hookOf({ type, hook, prio, policy }: Json): string {
  if (hook === undefined) return ''
  return `${String(type)} ${String(hook)} ${String(prio)} ${policy === 'accept' ? '' : `policy ${String(policy)} `}`
}

/** The hash of which all rules are, in their order; else something that no chain of ours has. */
function versionOf(comments: readonly string[]): string {
  const [first] = comments
  if (first === undefined) return rulesHash([])
  const hash = first.split(' ')[0] ?? ''
  return comments.every((comment, i) => comment === ruleMark(hash, i, comments.length)) ? hash : 'changed'
}

function readSet(set: Json, table: NftTable, contents: Contents): void {
  const name = String(set.name)
  const timeout = typeof set.timeout === 'number' ? set.timeout : undefined
  const flags = array(set.flags ?? []).map(String)
  // nft 1.0.6 does not list this flag, newer ones may.
  const known = flags.filter(flag => flag !== 'dynamic')
  const data = set.map === undefined ? undefined : typeText(set.map)
  contents.set(setKey(table, name), setContent({ type: typeText(set.type), data, flags: known, timeout }))
  if (flags.includes('timeout')) return
  for (const entry of array(set.elem ?? [])) {
    const [key, value] = data === undefined ? [entry] : array(entry)
    const { val, comment } = elementOf(key)
    contents.set(elementKey(table, name, valueText(val)), elementContent(dataText(value), comment))
  }
}

const typeText = (type: unknown): string => (Array.isArray(type) ? type.map(String).join(' . ') : String(type))

function elementOf(key: unknown): { val: unknown; comment: string | undefined } {
  const elem = isRecord(key) && isRecord(key.elem) ? key.elem : undefined
  if (elem === undefined) return { val: key, comment: undefined }
  return { val: elem.val, comment: typeof elem.comment === 'string' ? elem.comment : undefined }
}

function dataText(value: unknown): string | undefined {
  if (value === undefined) return undefined
  const [verdict] = isRecord(value) ? Object.entries(value) : []
  if (verdict === undefined || verdict[0] === 'concat' || verdict[0] === 'prefix') return valueText(value)
  const [name, detail] = verdict
  return isRecord(detail) ? `${name} ${String(detail.target)}` : name
}

function valueText(value: unknown): string {
  if (!isRecord(value)) return String(value)
  if (value.concat !== undefined) return array(value.concat).map(valueText).join(' . ')
  if (value.range !== undefined) return array(value.range).map(valueText).join('-')
  if (isRecord(value.prefix)) return `${String(value.prefix.addr)}/${String(value.prefix.len)}`
  return JSON.stringify(value)
}

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const record = (value: unknown): Json => (isRecord(value) ? value : {})
const array = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
