import { type OvnNames, podPortName } from '@ovnkit/cni-api'
import type { PodEnd } from '@ovnkit/cni-policy'
import { OVN_Northbound, OVN_Southbound } from '@ovnkit/ovn'
import { openDatabase } from '@ovnkit/ovsdb'
import type { LogicalPort } from './trace.ts'

/** How to reach a database. */
export interface Reach {
  readonly remotes: string
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | undefined
  readonly signal: AbortSignal
}

/** What of the Northbound database tells who decides, and how a packet begins. */
export async function openRules({ remotes, tls, signal }: Reach, ports: readonly string[]) {
  const db = openDatabase(OVN_Northbound, {
    remotes,
    tls,
    tables: {
      ACL: { columns: ['direction', 'priority', 'match', 'action', 'tier', 'external_ids'] },
      Logical_Switch: { columns: ['name', 'ports'] },
      Logical_Switch_Port: {
        columns: ['name', 'type', 'addresses', 'options'],
        indexes: { byName: ['name'] },
        where: [['type', '==', 'router'], ...ports.map(name => ['name', '==', name] as const)],
      },
      Logical_Router_Port: { columns: ['name', 'mac'], indexes: { byName: ['name'] } },
    },
  })
  await db.ready({ signal })
  return db
}

export type Rules = Awaited<ReturnType<typeof openRules>>

export const portNameOf = (pod: PodEnd, names: OvnNames): string => names.of(podPortName(pod.namespace, pod.name))

/** A port with its switch; undefined while the controller has not made it. */
export function logicalPort(db: Rules, name: string): LogicalPort | undefined {
  const row = db.table('Logical_Switch_Port').by('byName', name)
  if (row === undefined) return undefined
  const [mac] = [...row.addresses][0]?.split(' ') ?? []
  const home = [...db.table('Logical_Switch').rows()].find(({ ports }) => ports.has(row._uuid))
  return home === undefined || mac === undefined ? undefined : { name, switch: home.name, mac }
}

/** MAC of the router on a port's switch. */
export function routerMac(db: Rules, port: LogicalPort): string | undefined {
  const home = [...db.table('Logical_Switch').rows()].find(({ name }) => name === port.switch)
  for (const uuid of home?.ports ?? []) {
    const name = db.table('Logical_Switch_Port').get(uuid)?.options.get('router-port')
    const router = name === undefined ? undefined : db.table('Logical_Router_Port').by('byName', name)
    if (router !== undefined) return router.mac
  }
  return undefined
}

/**
 * Cookies of the flows that an ACL becomes, as `ovs-ofctl dump-flows` shows them: their packet counters are on the node where the rule is asked. A logical flow names its
 * ACL by the first digits of its UUID, and a flow of a node its logical flow (ovn-architecture(7)).
 */
export async function cookiesOf(
  { remotes, tls, signal }: Reach,
  acls: readonly string[],
): Promise<Map<string, string[]>> {
  const hints = new Map(acls.map(uuid => [uuid.slice(0, 8), uuid]))
  if (hints.size === 0) return new Map()
  await using db = openDatabase(OVN_Southbound, {
    remotes,
    tls,
    tables: {
      Logical_Flow: {
        columns: ['external_ids'],
        where: [...hints.keys()].map(hint => ['external_ids', 'includes', new Map([['stage-hint', hint]])] as const),
      },
    },
  })
  await db.ready({ signal })
  const flows = [...db.table('Logical_Flow').rows()].map(({ _uuid, external_ids }) => ({
    acl: hints.get(external_ids.get('stage-hint') ?? '') ?? '',
    cookie: `0x${_uuid.slice(0, 8).replace(/^0+/, '')}`,
  }))
  return new Map(
    [...Map.groupBy(flows, ({ acl }) => acl)].map(([acl, list]) => [acl, list.map(({ cookie }) => cookie).sort()]),
  )
}
