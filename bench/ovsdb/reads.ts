import { OVN_Northbound } from '@ovnkit/ovn'
import { element, mapKey, openDatabase } from '@ovnkit/ovsdb'
import { type Report, spread } from './measure.ts'
import { recipe, serve } from './recipe.ts'

const BATCH = 10_000

/** Nanoseconds of one call, over a batch of different keys; `rounds` medians after a warm-up. */
function nanoseconds(rounds: number, keys: readonly string[], call: (key: string) => unknown): string {
  const times: number[] = []
  let sink = 0
  for (let round = -3; round < rounds; round++) {
    const start = performance.now()
    for (let i = 0; i < BATCH; i++) if (call(keys[i % keys.length] ?? '') !== undefined) sink++
    if (round >= 0) times.push(((performance.now() - start) * 1e6) / BATCH)
  }
  if (sink !== (rounds + 3) * BATCH) throw new Error('a key was not found')
  return spread(times)
}

export async function benchReads(rounds: number): Promise<Report> {
  await using server = await serve((await recipe()).nb)
  await using db = openDatabase(OVN_Northbound, {
    remotes: server.remote,
    tables: {
      Logical_Switch: { indexes: { byPort: [element('ports')] } },
      Logical_Switch_Port: {
        indexes: {
          byName: ['name'],
          byOwner: [mapKey('external_ids', 'zstack.io/owner')],
          byNameAndType: ['name', 'type'],
        },
      },
    },
  })
  await db.ready()
  const [switches, ports] = [db.table('Logical_Switch'), db.table('Logical_Switch_Port')]
  const pods = ports
    .rows()
    .filter(row => row.type === '')
    .toArray()
  const [uuids, names, owners] = [
    pods.map(row => row._uuid as string),
    pods.map(row => row.name),
    pods.map(row => row.external_ids.get('zstack.io/owner') ?? ''),
  ]
  const plain = new Map(pods.map(row => [row.name, row]))
  return {
    question: `What does a read of the replica cost, with ${ports.size} ports?`,
    method: `${rounds} rounds of ${BATCH} reads with different keys after 3 to warm up; ns per read, median (least .. most).`,
    rows: [
      { read: 'floor: get of a plain Map', ns: nanoseconds(rounds, names, name => plain.get(name)) },
      { read: 'get(uuid)', ns: nanoseconds(rounds, uuids, uuid => ports.get(uuid)) },
      { read: "by('byName', name)", ns: nanoseconds(rounds, names, name => ports.by('byName', name)) },
      {
        read: "by('byOwner', owner): a key of external_ids",
        ns: nanoseconds(rounds, owners, owner => ports.by('byOwner', owner)),
      },
      {
        read: "by('byNameAndType', name, '')",
        ns: nanoseconds(rounds, names, name => ports.by('byNameAndType', name, '')),
      },
      {
        read: "by('byPort', uuid): the switch of a port",
        ns: nanoseconds(rounds, uuids, uuid => switches.by('byPort', uuid)),
      },
      { read: "all('byName', name)", ns: nanoseconds(rounds, names, name => ports.all('byName', name)) },
    ],
  }
}
