import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { OVN_Northbound } from '@ovnkit/ovn'
import { element, mapKey, openDatabase } from '@ovnkit/ovsdb'
import { median, percentile, type Report } from './measure.ts'
import { recipe, serve } from './recipe.ts'

/** A socket that notes when bytes are handed to the client. */
class TimedSocket extends Duplex {
  readonly #socket: ReturnType<typeof connect>
  arrived = 0

  constructor(path: string) {
    super()
    this.#socket = connect({ path })
    this.#socket.on('data', chunk => {
      this.arrived = performance.now()
      this.push(chunk)
    })
    this.#socket.on('end', () => this.push(null))
    this.#socket.on('error', error => this.destroy(error))
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}

const UPDATES = 3000

export async function benchWatcher(): Promise<Report> {
  await using server = await serve((await recipe()).nb)
  let socket: TimedSocket | undefined
  const dial = async (): Promise<Duplex> => {
    socket = new TimedSocket(server.remote.replace('unix:', ''))
    return socket
  }
  const tables = {
    Logical_Switch: { indexes: { byPort: [element('ports')] } },
    Logical_Switch_Port: { indexes: { byName: ['name'], byOwner: [mapKey('external_ids', 'zstack.io/owner')] } },
    Load_Balancer_Group: {},
  } as const
  await using watching = openDatabase(OVN_Northbound, { remotes: server.remote, tables, dial })
  await using writing = openDatabase(OVN_Northbound, { remotes: server.remote, tables })
  await Promise.all([watching.ready(), writing.ready()])
  const [ports, group] = [
    writing.table('Logical_Switch_Port').uuids().toArray(),
    writing.table('Load_Balancer_Group').one(),
  ]
  const balancers = [...(group?.load_balancer ?? [])]
  const times: number[] = []
  using _ = watching.onBatch(() => void times.push((performance.now() - (socket?.arrived ?? 0)) * 1000))
  const measure = async (write: (n: number) => Promise<unknown>): Promise<number[]> => {
    for (let n = -500; n < UPDATES; n++) {
      if (n === 0) times.length = 0
      await write(n & 1023)
    }
    return [...times]
  }
  const row = (update: string, us: readonly number[]) => {
    return {
      update,
      n: us.length,
      'p50 us': median(us).toFixed(0),
      'p90 us': percentile(us, 90).toFixed(0),
      'p99 us': percentile(us, 99).toFixed(0),
    }
  }
  const scalar = await measure(n => {
    const uuid = ports[n]
    const enabled = uuid && writing.table('Logical_Switch_Port').get(uuid)?.enabled !== true
    return writing.transact(uuid ? [writing.op.update('Logical_Switch_Port', uuid, { enabled: enabled === true })] : [])
  })
  const element1 = await measure(n => {
    const balancer = balancers[n % balancers.length]
    if (!group || !balancer) return Promise.resolve()
    const there = writing.table('Load_Balancer_Group').get(group._uuid)?.load_balancer.has(balancer)
    const change = there ? writing.op.removeFromSet : writing.op.addToSet
    return writing.transact([change('Load_Balancer_Group', group._uuid, 'load_balancer', [balancer])])
  })
  return {
    question:
      'How long after the bytes of an update have arrived is the watcher called, the replica and its indexes being changed?',
    method: `${UPDATES} updates one at a time after 500 to warm up, from a second client of the same process; from the socket's data event to onBatch.`,
    rows: [row('a column of one of 10,200 rows', scalar), row('an element of a set of 1,000', element1)],
  }
}
