import {
  NftChain,
  NftElement,
  type NftHook,
  type NftObject,
  NftSet,
  ruleMark,
  rulesHash,
  tableText,
} from './desired.ts'
import type { NftTable } from './program.ts'

/** What becomes of an object: made, put in place of another version of it, or removed. */
export interface NftChange {
  readonly object: NftObject
  readonly action: 'add' | 'replace' | 'remove'
}

export interface ScriptTables {
  /** To be made first. */
  readonly made: readonly NftTable[]
  /** To be removed with all they hold. */
  readonly removed: readonly NftTable[]
}

/**
 * The script of one transaction. What is referred to is there before what refers to it: sets and chains without rules, then
 * old elements away, rules, new elements; removals of chains and sets last.
 */
export function scriptOf(changes: readonly NftChange[], { made, removed }: ScriptTables): string {
  const of = <T extends NftObject>(
    kind: abstract new (...args: never[]) => T,
    ...actions: NftChange['action'][]
  ): T[] =>
    changes.flatMap(({ object, action }) => (object instanceof kind && actions.includes(action) ? [object] : []))
  const chains = of(NftChain, 'add', 'replace')
  const lines = [
    ...made.map(table => `add table ${tableText(table)}`),
    ...of(NftSet, 'add').map(declaration),
    ...of(NftChain, 'replace').filter(hasHook).flatMap(unhook),
    ...chains.map(chain => `add chain ${nameOf(chain)}${hookBlock(chain.spec.hook)}`),
    ...elementLines('delete', of(NftElement, 'replace', 'remove')),
    ...of(NftChain, 'replace', 'remove').map(chain => `flush chain ${nameOf(chain)}`),
    ...chains.flatMap(ruleLines),
    ...elementLines('add', of(NftElement, 'add', 'replace')),
    ...of(NftChain, 'remove').map(chain => `delete chain ${nameOf(chain)}`),
    ...of(NftSet, 'remove').map(set => `delete set ${nameOf(set)}`),
    ...removed.map(table => `delete table ${tableText(table)}`),
  ]
  return `${lines.join('\n')}\n`
}

const nameOf = ({ spec }: NftChain | NftSet): string => `${tableText(spec.table)} ${spec.name}`
const hasHook = ({ spec }: NftChain): boolean => spec.hook !== undefined

/** The hook of a chain cannot be changed: it is made anew. */
const unhook = (chain: NftChain): string[] => [`flush chain ${nameOf(chain)}`, `delete chain ${nameOf(chain)}`]

function hookBlock(hook: NftHook | undefined): string {
  return hook === undefined
    ? ''
    : ` { type ${hook.type} hook ${hook.hook} priority ${hook.priority} ; policy accept ; }`
}

function declaration(set: NftSet): string {
  const { type, data, flags = [], timeout } = set.spec
  // Where packets add elements, somebody could send from ever new addresses: the number is bounded.
  const own = timeout === undefined ? [] : [`timeout ${timeout}s`, 'size 65536']
  const all = [...flags, ...(timeout === undefined ? [] : ['dynamic', 'timeout'])]
  const parts = [`type ${type}${data === undefined ? '' : ` : ${data}`}`, ...own]
  if (all.length > 0) parts.push(`flags ${all.join(',')}`)
  return `add ${data === undefined ? 'set' : 'map'} ${nameOf(set)} { ${parts.join(' ; ')} ; }`
}

function ruleLines(chain: NftChain): string[] {
  const { rules } = chain.spec
  const hash = rulesHash(rules)
  return rules.map((rule, i) => `add rule ${nameOf(chain)} ${rule} comment "${ruleMark(hash, i, rules.length)}"`)
}

/** Elements of one set travel in one command. */
function elementLines(command: 'add' | 'delete', elements: readonly NftElement[]): string[] {
  const bySet = Map.groupBy(elements, ({ spec }) => `${tableText(spec.table)} ${spec.set}`)
  return [...bySet].map(([set, group]) => {
    const texts = group.map(({ spec }) => (command === 'delete' ? spec.element : elementText(spec)))
    return `${command} element ${set} { ${texts.join(', ')} }`
  })
}

function elementText({ element, data, comment }: NftElement['spec']): string {
  const noted = comment === undefined ? element : `${element} comment "${comment}"`
  return data === undefined ? noted : `${noted} : ${data}`
}
