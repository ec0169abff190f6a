import { createHash } from 'node:crypto'
import type { Cidr } from '@ovnkit/inet'
import type { Desired } from '@ovnkit/reconcile'
import type { TranslatedFlow } from '../conntrack.ts'
import type { NftTable } from './program.ts'

/** The name that an NftTarget has unless another is given. */
export const nftTargetName = 'nft'

/** Where the kernel calls a base chain (nft(8), "CHAINS"). */
export interface NftHook {
  readonly type: 'filter' | 'nat' | 'route'
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'
  readonly priority: number
}

export interface NftChainSpec {
  readonly table: NftTable
  readonly name: string
  /** Without it the chain is one that others jump to. */
  readonly hook?: NftHook
  /** Rules in nft's language, without comments: the comment of each rule tells which version of the chain it belongs to. */
  readonly rules: readonly string[]
  /** Connections to forget when the chain changes or goes: those that it would translate otherwise now. */
  readonly flows?: readonly TranslatedFlow[]
}

/** A chain with all of its rules. */
export class NftChain implements Desired {
  readonly target = nftTargetName
  readonly key: string
  readonly spec: NftChainSpec

  constructor(spec: NftChainSpec) {
    this.key = chainKey(spec.table, spec.name)
    this.spec = spec
  }

  get content(): string {
    return `${hookText(this.spec.hook)}${rulesHash(this.spec.rules)}`
  }
}

export interface NftSetSpec {
  readonly table: NftTable
  readonly name: string
  /** Types of the key, joined by ` . `. */
  readonly type: string
  /** Type of the values, which makes it a map. */
  readonly data?: string
  readonly flags?: readonly 'interval'[]
  /** Seconds that an element stays. Such a set is filled by packets: its elements are nobody's wish, and stay when the agent restarts. */
  readonly timeout?: number
}

/** A set or map; its elements are objects of their own. */
export class NftSet implements Desired {
  readonly target = nftTargetName
  readonly key: string
  readonly spec: NftSetSpec

  constructor(spec: NftSetSpec) {
    this.key = setKey(spec.table, spec.name)
    this.spec = spec
  }

  get content(): string {
    const { type, data, flags = [], timeout } = this.spec
    return setContent({ type, data, flags: [...flags, ...(timeout === undefined ? [] : ['timeout'])], timeout })
  }
}

export interface NftElementSpec {
  readonly table: NftTable
  readonly set: string
  /** As nft lists it: protocols by name, addresses canonical, ranges of addresses by `nftPrefix`. */
  readonly element: string
  /** The value, in a map: `goto chain`, `10.96.0.1 . 80`. */
  readonly data?: string
  /** For people who look at the table. */
  readonly comment?: string
  readonly shared?: true
  readonly flows?: readonly TranslatedFlow[]
}

/** One element of a set or map. */
export class NftElement implements Desired {
  readonly target = nftTargetName
  readonly key: string
  readonly spec: NftElementSpec

  constructor(spec: NftElementSpec) {
    this.key = elementKey(spec.table, spec.set, spec.element)
    this.spec = spec
  }

  get shared(): boolean {
    return this.spec.shared ?? false
  }

  get content(): string {
    return elementContent(this.spec.data, this.spec.comment)
  }
}

export type NftObject = NftChain | NftSet | NftElement

export const isNftObject = (object: Desired): object is NftObject =>
  object instanceof NftChain || object instanceof NftSet || object instanceof NftElement

/** Keys of what an object refers to, and without which nft would refuse it: an element its set, a rule its sets and chains. */
export function referencesOf(object: NftObject): string[] {
  if (object instanceof NftSet) return []
  const { table } = object.spec
  if (object instanceof NftChain) return object.spec.rules.flatMap(rule => namesIn(rule, table))
  return [setKey(table, object.spec.set), ...namesIn(object.spec.data ?? '', table)]
}

function namesIn(text: string, table: NftTable): string[] {
  const found = text.matchAll(/@([\w/.\\-]+)|\b(?:goto|jump) ([\w/.\\-]+)/g)
  return [...found].map(([, set, chain = '']) => (set === undefined ? chainKey(table, chain) : setKey(table, set)))
}

/** A range of addresses as nft lists it: one of a single address is that address. */
export function nftPrefix({ network, prefixLength, family }: Cidr): string {
  return prefixLength === (family === 4 ? 32 : 128) ? network : `${network}/${prefixLength}`
}

export const tableText = ({ family, name }: NftTable): string => `${family} ${name}`
export const chainKey = (table: NftTable, name: string): string => `chain ${tableText(table)} ${name}`
export const setKey = (table: NftTable, name: string): string => `set ${tableText(table)} ${name}`
export const elementKey = (table: NftTable, set: string, element: string): string =>
  `element ${tableText(table)} ${set} ${element}`

/** `family name` of the table that a key belongs to. */
export const tableOfKey = (key: string): string => key.split(' ', 3).slice(1).join(' ')

export const hookText = (hook: NftHook | undefined): string =>
  hook === undefined ? '' : `${hook.type} ${hook.hook} ${hook.priority} `

export const elementContent = (data = '', comment = ''): string => (comment === '' ? data : `${data} # ${comment}`)

export interface SetDeclaration {
  readonly type: string
  readonly data: string | undefined
  readonly flags: readonly string[]
  readonly timeout: number | undefined
}

export function setContent({ type, data, flags, timeout }: SetDeclaration): string {
  const parts = [type, data && `: ${data}`, flags.toSorted().join(), timeout && `${timeout}s`]
  return parts.filter(part => part).join(' ')
}

/** Tells versions of a chain apart. nft lists rules in other words than they were given in, so they cannot be compared themselves. */
export function rulesHash(rules: readonly string[]): string {
  if (rules.length === 0) return 'empty'
  return createHash('sha256').update(rules.join('\n')).digest('hex').slice(0, 16)
}

/** The comment of a rule: the chain's version, which of its rules it is, and of how many. */
export const ruleMark = (hash: string, index: number, count: number): string => `${hash} ${index + 1}/${count}`
