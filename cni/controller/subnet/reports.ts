import type { EventRecorder } from '@ovnkit/kube'
import { resources } from '@ovnkit/kube'
import type { OwnerStatus, ReadableStore } from '@ovnkit/reconcile'
import type { PodFacts } from '../facts/pod.ts'
import type { SubnetFacts } from '../facts/subnet.ts'
import type { Usage } from '../ipam/assignment.ts'
import { subnetResource } from '../resources.ts'
import { foundations, nameConflict } from './name-conflict.ts'
import type { Network } from './network.ts'
import type { Verdict } from './plan.ts'

export interface ReportOptions {
  readonly subnets: ReadableStore<SubnetFacts>
  readonly pods: ReadableStore<PodFacts>
  readonly networks: ReadableStore<Network>
  readonly verdicts: ReadableStore<Verdict>
  readonly usage: ReadableStore<Usage>
  readonly outcomes: ReadableStore<OwnerStatus>
  readonly events: EventRecorder
}

/** Reasons of a pod's owner that its user must hear of: the others pass by themselves, or have Events of their own. */
const told = new Set(['NoSecurityGroup', 'InvalidBandwidth', 'Rejected', 'Conflict'])

/** Tells in Events what keeps Subnets and pods from being what their users want. */
export function reportMistakes(options: ReportOptions): Disposable {
  const { subnets, pods, networks, verdicts, usage, outcomes, events } = options
  const stack = new DisposableStack()
  const warnSubnet = (name: string, reason: string, message: string) => {
    const uid = subnets.get(name)?.uid
    if (uid !== undefined) events.event({ resource: subnetResource, name, uid }, { type: 'Warning', reason, message })
  }
  stack.use(
    verdicts.subscribe((name, verdict, old) => {
      if (verdict?.kind !== 'refused') return
      const before = old?.kind === 'refused' ? old.problem.message : undefined
      const { reason, message } = verdict.problem
      if (message !== before) warnSubnet(name, reason, message)
    }),
  )
  stack.use(
    usage.subscribe((key, now, old) => {
      const known = new Set([...(old?.conflicts ?? []), ...(old?.machines ?? [])])
      const fresh = [...(now?.conflicts ?? []), ...(now?.machines ?? [])].filter(conflict => !known.has(conflict))
      const subnet = networks.get(key)?.subnet
      if (fresh.length > 0 && subnet !== undefined) warnSubnet(subnet, 'AddressConflict', fresh.join('; '))
    }),
  )
  stack.use(
    outcomes.subscribe((owner, status, old) => {
      if (!foundations.some(one => one === owner)) return
      const conflict = nameConflict(status)
      if (conflict === undefined || conflict.message === nameConflict(old)?.message) return
      for (const name of subnets.keys()) warnSubnet(name, conflict.reason, conflict.message)
    }),
  )
  stack.use(
    outcomes.subscribe((owner, status, old) => {
      if (status === undefined || !owner.startsWith('pod/') || !told.has(status.reason)) return
      if (status.message === old?.message) return
      const pod = pods.get(owner.slice('pod/'.length))
      if (pod === undefined) return
      const { namespace, name, objectUid: uid } = pod
      const { reason, message } = status
      events.event({ resource: resources.pods, namespace, name, uid }, { type: 'Warning', reason, message })
    }),
  )
  return stack
}
