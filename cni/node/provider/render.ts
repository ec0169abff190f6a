import { interfaceOf, providerBridge } from '@ovnkit/cni-api'
import { KernelLink } from '@ovnkit/linux'
import type { Desired, Rendered, View } from '@ovnkit/reconcile'
import { theSwitch } from '../facts/switch.ts'
import type { HostContext } from '../host/context.ts'
import { ovs } from '../host/objects.ts'
import { providerKey } from './facts.ts'

/**
 * The bridge that joins a provider network to its interface. A network that somebody has mapped by hand (`ovn-bridge-mappings`) is left to him. An interface
 * with addresses is refused: in a bridge they would answer no longer.
 */
export function renderProvider(context: HostContext, name: string, view: View): Rendered {
  const spec = view.get(context.providers, name)
  const node = view.get(context.nodes, context.node)
  const local = view.get(context.switches, theSwitch)
  if (node === undefined || local?.datapath === undefined)
    return { kind: 'wait', reason: 'NoSwitch', message: 'the local Open vSwitch is not set up yet' }
  const link = spec && interfaceOf(spec, { name: context.node, labels: node.labels })
  const bridge = providerBridge(name)
  const mapped = local.mappings[name]
  if (spec === undefined || link === undefined || (mapped !== undefined && mapped !== bridge))
    return { kind: 'objects', objects: [] }
  const addresses = view.get(context.links, link)?.addresses ?? []
  if (addresses.length > 0 && spec.allowAddresses !== true) {
    return {
      kind: 'invalid',
      reason: 'InterfaceHasAddresses',
      message:
        `interface ${link} has ${addresses.join(', ')}, which would answer no longer in a bridge: ` +
        'name another interface, move the addresses away, or set allowAddresses if nobody needs them',
    }
  }
  return {
    kind: 'objects',
    objects: [
      ...bridgeRows(name, bridge, local.datapath),
      ...portRows(bridge, link, link),
      new KernelLink({ name: link, up: true }),
    ],
  }
}

function bridgeRows(network: string, bridge: string, datapath: string): Desired[] {
  return [
    ovs.row({
      table: 'Bridge',
      key: bridge,
      columns: {
        name: bridge,
        datapath_type: datapath === 'system' ? '' : datapath,
        external_ids: { [providerKey]: network },
      },
      parent: { table: 'Open_vSwitch', column: 'bridges' },
    }),
    ...portRows(bridge, bridge, bridge, 'internal'),
  ]
}

function portRows(bridge: string, name: string, key: string, type = ''): Desired[] {
  return [
    ovs.row({ table: 'Interface', key: `provider/${key}`, columns: { name, type } }),
    ovs.row({
      table: 'Port',
      key: `provider/${key}`,
      columns: { name, interfaces: [ovs.ref('Interface', `provider/${key}`)] },
      parent: { table: 'Bridge', key: bridge, column: 'ports' },
    }),
  ]
}
