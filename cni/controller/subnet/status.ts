import type { OvnNames, SubnetCondition, SubnetStatus } from '@ovnkit/cni-api'
import type { OwnerStatus } from '@ovnkit/reconcile'
import type { SubnetFacts } from '../facts/subnet.ts'
import type { Usage } from '../ipam/assignment.ts'
import { nameConflict } from './name-conflict.ts'
import { type Network, switchNameIn } from './network.ts'
import type { Verdict } from './plan.ts'

export interface StatusInput {
  readonly facts: SubnetFacts
  readonly verdict: Verdict | undefined
  readonly network: Network | undefined
  readonly usage: Usage | undefined
  readonly names: OvnNames
  /** Rules of others that policies of ours do not come before. */
  readonly bypasses: readonly string[]
  /** How the network's rows fare in the Northbound database. */
  readonly rows: OwnerStatus | undefined
  /** How the rows fare that all networks hang on. */
  readonly foundations: readonly (OwnerStatus | undefined)[]
  /** Pods with addresses of the Subnet, wanted only while it is being deleted. */
  readonly pods: readonly string[]
}

/** A condition without its time, which is the writer's to know. */
export type Condition = Omit<SubnetCondition, 'lastTransitionTime'>

const named = 10

/** What a Subnet's status says; the same input, the same status. */
export function subnetStatus(input: StatusInput): SubnetStatus {
  const { network, usage } = input
  const { phase, reason, message } = phaseOf(input)
  return {
    phase,
    reason,
    message,
    availableIPs: network === undefined ? 0 : (usage?.available ?? 0),
    usedIPs: network === undefined ? 0 : (usage?.used ?? 0),
    ...(network && { logicalSwitch: switchNameIn(network, input.names) }),
    ...(network?.interconnect && { interconnectIP: network.interconnect.join(',') }),
    conditions: conditions(input, { phase, reason, message }),
  }
}

interface Phase {
  readonly phase: 'Pending' | 'Active' | 'Failed'
  readonly reason: string
  readonly message: string
}

function phaseOf({ verdict, rows, foundations, facts }: StatusInput): Phase {
  switch (verdict?.kind) {
    case undefined:
    case 'gone':
      return { phase: 'Pending', reason: 'Waiting', message: 'not looked at yet' }
    case 'superseded':
      return { phase: 'Pending', reason: 'Superseded', message: `Subnet ${verdict.by} has taken its place` }
    case 'refused':
      return { phase: 'Failed', ...verdict.problem }
    case 'accepted': {
      const conflict = foundations.map(nameConflict).find(found => found !== undefined)
      if (conflict !== undefined) return { phase: 'Pending', ...conflict }
      if (rows?.state !== 'done')
        return {
          phase: 'Pending',
          reason: rows?.reason || 'Configuring',
          message: rows?.message || 'the logical switch is being set up',
        }
      if (facts.deleting)
        return { phase: 'Active', reason: 'Deleting', message: 'in use; goes when the last address is free' }
      return { phase: 'Active', reason: 'Ready', message: '' }
    }
  }
}

function conditions(input: StatusInput, { phase, reason, message }: Phase): Condition[] {
  const { rows, usage, verdict, facts, pods } = input
  const condition = (type: string, holds: boolean, why: string, text: string): Condition => ({
    type,
    status: holds ? 'True' : 'False',
    reason: why,
    message: text,
    observedGeneration: facts.generation,
  })
  const all = [condition('Ready', phase === 'Active', reason, message)]
  if (verdict?.kind !== 'accepted' && input.network === undefined) return all
  all.push(
    rows?.state === 'done'
      ? condition('LogicalSwitchReady', true, 'Ready', '')
      : condition('LogicalSwitchReady', false, rows?.reason || 'Configuring', rows?.message ?? ''),
  )
  const available = usage?.available ?? 0
  all.push(
    available > 0
      ? condition('IPPoolReady', true, 'AddressesAvailable', '')
      : condition('IPPoolReady', false, 'Exhausted', 'no more pods can have an address; pods that ask wait for one'),
  )
  if (usage?.portsLimit !== undefined) {
    all.push(condition('PortsLimited', true, 'TunnelType', limitText(usage.portsLimit)))
  }
  if (usage !== undefined && usage.conflicts.length > 0)
    all.push(condition('AddressConflict', true, 'AddressInUseTwice', usage.conflicts.join('; ')))
  else if (usage !== undefined && usage.machines.length > 0)
    all.push(condition('AddressConflict', true, 'AddressInUseOutside', usage.machines.join('; ')))
  if (input.bypasses.length > 0) all.push(condition('PolicyBypassed', true, 'ForeignRules', bypassText(input.bypasses)))
  if (usage !== undefined && usage.excludedInUse.length > 0) {
    all.push(
      condition(
        'ExcludedInUse',
        true,
        'PodsKeepAddresses',
        `excluded, but still in use: ${usage.excludedInUse.join(', ')}`,
      ),
    )
  }
  if (verdict?.kind === 'accepted' && verdict.warning !== undefined) {
    all.push(condition('Conflict', true, verdict.warning.reason, verdict.warning.message))
  }
  if (facts.deleting) all.push(condition('InUse', true, 'AddressesInUse', usersText(pods, usage?.used ?? 0)))
  return all
}

function bypassText(rules: readonly string[]): string {
  return `decide before policies of this cluster: ${rules.join('; ')}`
}

function limitText(limit: number): string {
  const remedy = limit < 32767 ? 'use tunnel.type geneve for 32,767, or several Subnets' : 'use several Subnets'
  return `a switch has at most ${grouped(limit)} ports with this tunnel type, fewer than the range has addresses; ${remedy}`
}

function usersText(pods: readonly string[], used: number): string {
  if (pods.length === 0) return `${used} addresses are held by ports that are still bound, or belong to foreign ports`
  const names = pods.toSorted().slice(0, named).join(', ')
  return pods.length > named
    ? `used by ${pods.length} pods: ${names} and ${pods.length - named} more`
    : `used by ${names}`
}

/** `2,047`. Not by `toLocaleString`: the first use of Intl costs 7 MiB of resident memory. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}
