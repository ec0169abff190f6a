import type { Database, Uuid } from '../index.ts'
import {
  addToSet,
  deleteKeys,
  increment,
  mutate,
  type Operation,
  randomUuid,
  removeFromSet,
  setKeys,
} from '../index.ts'
import type { FactsTables, ItemInsert } from '../testing/facts.ts'
import type { Random } from './random.ts'

/** Makes random transactions over a few dozen rows, some of which the server will refuse. */
export class FuzzWriter {
  readonly #db: Database<FactsTables>
  readonly #random: Random
  readonly #items: Uuid<'Item'>[] = []
  readonly #peers: Uuid<'Peer'>[] = []
  readonly #children: Uuid<'Child'>[] = []

  constructor(db: Database<FactsTables>, random: Random) {
    this.#db = db
    this.#random = random
  }

  async write(): Promise<void> {
    const operations = this.#random.some(4, () => this.#operations()).flat()
    await this.#db.transact(operations, { timeout: 3_000 })
  }

  #operations(): Operation[] {
    const item = this.#random.pick(this.#items)
    if (item === undefined || (this.#items.length < 40 && this.#random.chance(25))) return this.#insertItem()
    const kinds = [
      () => [this.#db.op.update('Item', item, this.#columns())],
      () => [mutate('Item', item, [this.#mutation()])],
      () => [mutate('Item', item, [this.#mutation(), this.#mutation()])],
      () => this.#insertChild(item),
      () => this.#insertPeer(item),
      () => this.#deletePeer(),
      () => (this.#random.chance(20) ? this.#deleteItem(item) : []),
    ]
    return this.#random.pick(kinds)?.() ?? []
  }

  #insertItem(): Operation[] {
    const uuid = randomUuid<'Item'>()
    this.#items.push(uuid)
    return [this.#db.op.insert('Item', uuid, this.#columns())]
  }

  #deleteItem(uuid: Uuid<'Item'>): Operation[] {
    this.#items.splice(this.#items.indexOf(uuid), 1)
    return [this.#db.op.remove('Item', uuid)]
  }

  #insertChild(parent: Uuid<'Item'>): Operation[] {
    const uuid = randomUuid<'Child'>()
    this.#children.push(uuid)
    const child = this.#db.op.insert('Child', uuid, { name: this.#word() })
    return [child, this.#db.op.addToSet('Item', parent, 'children', [uuid])]
  }

  #insertPeer(item: Uuid<'Item'>): Operation[] {
    const uuid = randomUuid<'Peer'>()
    this.#peers.push(uuid)
    const peer = this.#db.op.insert('Peer', uuid, { name: `${this.#word()}${this.#random.below(30)}` })
    return [peer, this.#db.op.addToSet('Item', item, 'peers', [uuid])]
  }

  #deletePeer(): Operation[] {
    const peer = this.#random.pick(this.#peers)
    return peer ? [this.#db.op.remove('Peer', peer)] : []
  }

  #columns(): Omit<ItemInsert, 'fixed'> {
    const all: ItemInsert = {
      name: this.#word(),
      n: this.#random.chance(20) ? 2n ** 62n + BigInt(this.#random.below(9)) : this.#random.below(1000),
      b: this.#random.chance(50),
      opt: this.#random.chance(50) ? null : this.#word(),
      num: this.#random.chance(50) ? null : this.#random.below(9),
      ints: this.#random.some(30, () => this.#random.below(60)),
      tags: this.#random.some(40, () => this.#word()),
      attrs: this.#random.some(30, (): readonly [string, string] => [this.#word(), this.#word()]),
      peers: this.#random.some(3, () => this.#random.pick(this.#peers) ?? randomUuid<'Peer'>()),
    }
    return Object.fromEntries(Object.entries(all).filter(() => this.#random.chance(50)))
  }

  #mutation() {
    const words = this.#random.some(5, () => this.#word())
    const kinds = [
      () => addToSet('tags', ...words),
      () => removeFromSet('tags', ...words),
      () => addToSet('ints', this.#random.below(60)),
      () => setKeys('attrs', Object.fromEntries(words.map(word => [word, this.#word()]))),
      () => deleteKeys('attrs', ...words),
      () => removeFromSet('children', this.#random.pick(this.#children) ?? randomUuid()),
      () => increment('small', this.#random.below(40)),
    ]
    return (this.#random.pick(kinds) ?? (() => increment('n')))()
  }

  #word(): string {
    return `w${this.#random.below(60)}${this.#random.chance(5) ? ' "ü\\\u{1f600}' : ''}`
  }
}
