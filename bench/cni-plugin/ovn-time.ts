import { randomUUID } from 'node:crypto'
import type { TestNode } from '@ovnkit/cni-node/testing'
import { Open_vSwitch } from '@ovnkit/ovs'
import { addToSet, insert, mutate, openDatabase, randomUuid } from '@ovnkit/ovsdb'

const tables = {
  Bridge: { columns: ['name', 'ports'], indexes: { byName: ['name'] } },
  Interface: { columns: ['name', 'external_ids'] },
} as const

/** OVN's own part of an ADD: from a committed port to `ovn-installed`, heard by a monitor, no CNI involved. */
export class OvnTime implements AsyncDisposable {
  readonly #node: TestNode
  readonly #database
  readonly #waiting = new Map<string, () => void>()
  #count = 0

  constructor(node: TestNode) {
    this.#node = node
    this.#database = openDatabase(Open_vSwitch, { remotes: node.switch.remote, tables, leaderOnly: false })
    this.#database.onBatch(batch => {
      for (const { row } of batch.table('Interface')?.updated ?? []) {
        if (row.external_ids.get('ovn-installed') === 'true') this.#waiting.get(row._uuid)?.()
      }
    })
  }

  ready(): Promise<void> {
    return this.#database.ready()
  }

  /** A logical port and a pair for it, to be made before the time is taken. */
  async prepare(): Promise<string> {
    const name = `ovntime${this.#count++}`
    await this.#node.netns.exec('ip', 'link', 'add', name, 'up', 'type', 'veth', 'peer', 'name', `p${name}`)
    await this.#node.nbctl(
      'lsp-add',
      'subnet-default',
      name,
      '--',
      'lsp-set-addresses',
      name,
      `0a:58:0b:00:00:0${this.#count % 10} 10.244.250.${this.#count}`,
    )
    return name
  }

  async measure(name: string): Promise<void> {
    const bridge = this.#database.table('Bridge').by('byName', 'br-int')
    if (bridge === undefined) throw new Error('expected br-int')
    const [port, own] = [randomUuid(), randomUuid()]
    const installed = new Promise<void>(resolve => this.#waiting.set(own, resolve))
    await this.#database.transact([
      insert('Interface', own, { name, external_ids: { 'iface-id': name, sandbox: randomUUID() } }),
      insert('Port', port, { name, interfaces: [own] }),
      mutate('Bridge', bridge._uuid, [addToSet('ports', port)]),
    ])
    await installed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]()
  }
}
