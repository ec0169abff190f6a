import { interfaceIds, podPortName } from '@ovnkit/cni-api'
import { Open_vSwitch } from '@ovnkit/ovs'
import { addToSet, insert, mutate, openDatabase, randomUuid, removeFromSet } from '@ovnkit/ovsdb'
import type { BenchNode } from './node.ts'
import { type BenchPod, namespace } from './pods.ts'

const tables = {
  Bridge: { columns: ['name', 'ports'], indexes: { byName: ['name'] } },
  Interface: { columns: ['name', 'external_ids'] },
} as const

/**
 * OVN's own part of an ADD, with no plugin and no agent: one transaction adds a port for a pod's logical port to the
 * integration bridge, and a monitor waits for `ovn-installed`. Veth pairs are there before.
 */
export class OvnTime implements AsyncDisposable {
  readonly #database
  readonly #waiting = new Map<string, () => void>()
  readonly #ports: string[] = []

  private constructor(node: BenchNode) {
    const remotes = `unix:${node.path('/run/openvswitch/db.sock')}`
    this.#database = openDatabase(Open_vSwitch, { remotes, tables, leaderOnly: false })
    this.#database.onBatch(batch => {
      for (const { row } of batch.table('Interface')?.updated ?? []) {
        if (row.external_ids.get(interfaceIds.ovnInstalled) === 'true') this.#waiting.get(row._uuid)?.()
      }
    })
  }

  static async open(node: BenchNode, pairs: number): Promise<OvnTime> {
    const script = `for i in $(seq 0 ${pairs - 1}); do ip link add ovnt$i up mtu 1442 type veth peer name ovnp$i; done`
    await node.shell(script)
    const ovn = new OvnTime(node)
    await ovn.#database.ready()
    return ovn
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]()
  }

  /** All at once, on the first pairs; milliseconds of each. */
  add(pods: readonly BenchPod[], firstPair = 0): Promise<readonly number[]> {
    return Promise.all(pods.map((pod, i) => this.#add(pod, `ovnt${firstPair + i}`)))
  }

  async #add(pod: BenchPod, name: string): Promise<number> {
    const [port, own] = [randomUuid(), randomUuid()]
    const ids = {
      [interfaceIds.ifaceId]: podPortName(namespace, pod.name),
      [interfaceIds.ifaceIdVer]: pod.uid,
    }
    const installed = new Promise<void>(resolve => this.#waiting.set(own, resolve))
    const start = performance.now()
    const outcome = await this.#database.transact([
      insert('Interface', own, { name, external_ids: ids }),
      insert('Port', port, { name, interfaces: [own] }),
      mutate('Bridge', this.#bridge(), [addToSet('ports', port)]),
    ])
    if (outcome.status !== 'committed') throw new Error(`adding ${name} ended in ${outcome.status}`)
    this.#ports.push(port)
    await installed
    return performance.now() - start
  }

  #bridge() {
    const bridge = this.#database.table('Bridge').by('byName', 'br-int')
    if (bridge === undefined) throw new Error('expected br-int')
    return bridge._uuid
  }

  async removeAll(): Promise<void> {
    const ports = this.#ports.splice(0)
    await this.#database.transact([mutate('Bridge', this.#bridge(), [removeFromSet('ports', ...ports)])])
  }
}
