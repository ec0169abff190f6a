import { interfaceOf, providerBridge } from '@ovnkit/cni-api'
import { parseBridgeMappings } from '@ovnkit/ovs'
import type { OwnerStatus, ReadableStore, Store } from '@ovnkit/reconcile'
import type { LocalDatabase } from '../facts/switch.ts'
import type { HostContext } from '../host/context.ts'
import type { ProviderState } from './facts.ts'

export interface StateOptions {
  readonly context: HostContext
  readonly database: LocalDatabase
  readonly outcomes: ReadableStore<OwnerStatus>
  readonly states: Store<ProviderState>
}

export const providerOwner = 'provider'

/** Keeps `states`: how the node fares with each provider network that it is to have, or that Subnets live on. */
export function followStates(options: StateOptions): Disposable {
  const { context, database, outcomes, states } = options
  let scheduled = false
  const stack = new DisposableStack()
  const look = () => {
    scheduled = false
    if (!stack.disposed) states.replace(statesOf(options))
  }
  const schedule = () => {
    if (!scheduled) queueMicrotask(look)
    scheduled = true
  }
  stack.use(context.providers.subscribe(schedule))
  stack.use(context.subnets.subscribe(schedule))
  stack.use(context.nodes.subscribe(schedule))
  stack.use(outcomes.subscribe(owner => owner.startsWith(`${providerOwner}/`) && schedule()))
  stack.use(
    database.onBatch(batch => {
      const interfaces = batch.table('Interface')
      const physical = interfaces?.updated.some(({ row }) => row.external_ids.get('sandbox') === undefined)
      if (batch.table('Open_vSwitch') || physical) schedule()
    }),
  )
  look()
  return stack
}

function* statesOf({ context, database, outcomes }: StateOptions): Generator<[string, ProviderState]> {
  const text = database.table('Open_vSwitch').one()?.external_ids.get('ovn-bridge-mappings') ?? ''
  const mappings = parseBridgeMappings(text)
  for (const name of new Set([...context.providers.keys(), ...usedProviders(context)])) {
    const link = linkOf(context, name)
    const bridge = mappings.get(name)
    if (bridge !== undefined && bridge !== providerBridge(name))
      yield [name, { ready: true, reason: 'MappedByHand', message: '', bridge }]
    else if (link !== undefined) yield [name, ownState(name, link, bridge, outcomes, database)]
    else if (!context.providers.has(name)) yield [name, unmapped(name)]
  }
}

function linkOf({ providers, nodes, node }: HostContext, name: string): string | undefined {
  const spec = providers.get(name)
  return spec && interfaceOf(spec, { name: node, labels: nodes.get(node)?.labels ?? {} })
}

function unmapped(name: string): ProviderState {
  return {
    ready: false,
    reason: 'NotMapped',
    message: `there is neither a ProviderNetwork ${name}, nor is the network in ovn-bridge-mappings of this node`,
  }
}

function ownState(
  name: string,
  link: string,
  mapped: string | undefined,
  outcomes: ReadableStore<OwnerStatus>,
  database: LocalDatabase,
): ProviderState {
  const bridge = providerBridge(name)
  const owner = outcomes.get(`${providerOwner}/${name}`)
  const row = database.table('Interface').by('byName', link)
  const problem = (reason: string, message: string) => ({ ready: false, reason, message, bridge, interface: link })
  if (owner !== undefined && owner.state !== 'done') return problem(owner.reason, owner.message)
  if (row?.error) return problem('InterfaceNotOpen', row.error)
  if (mapped !== bridge || (row?.ofport ?? 0) <= 0)
    return problem('Configuring', `bridge ${bridge} is being set up with interface ${link}`)
  return { ready: true, reason: 'Ready', message: '', bridge, interface: link }
}

/** Provider networks that Subnets live on. */
export function usedProviders({ subnets }: Pick<HostContext, 'subnets'>): ReadonlySet<string> {
  return new Set([...subnets.entries()].flatMap(([, { provider }]) => provider ?? []))
}
