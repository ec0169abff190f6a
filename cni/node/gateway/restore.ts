import { type Config, paths } from '@ovnkit/cni-api'
import { Netlink } from '@ovnkit/linux'
import { Open_vSwitch } from '@ovnkit/ovs'
import { openDatabase } from '@ovnkit/ovsdb'
import type { Logger } from '@ovnkit/process'
import { Store } from '@ovnkit/reconcile'
import { createHostStore } from '../facts/host.ts'
import type { NodeFacts } from '../facts/node.ts'
import type { SubnetFacts } from '../facts/subnet.ts'
import { switchTables } from '../facts/switch.ts'
import { Gateway } from './gateway.ts'
import { createGatewayStore } from './store.ts'

/** Gives the NIC back without the agent, the API or the controller: for an uninstallation, when the agent runs no more. */
export async function restoreNic(config: Config, logger: Logger, signal: AbortSignal): Promise<void> {
  using netlink = Netlink.open()
  await using database = openDatabase(Open_vSwitch, {
    remotes: config.ovs.database,
    tables: switchTables,
    leaderOnly: false,
    logger,
  })
  await database.ready({ signal })
  const context = {
    config,
    node: '',
    nodes: new Store<NodeFacts>({ name: 'nodes' }),
    subnets: new Store<SubnetFacts>({ name: 'subnets' }),
    links: createHostStore(),
    gateway: createGatewayStore(),
  }
  using gateway = new Gateway({ context, database, netlink, journal: paths.gatewayState, logger })
  if (!(await gateway.restore())) logger.info('no NIC was taken')
}
