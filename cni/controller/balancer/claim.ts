import type { LoadBalancerPoolSpec } from '@ovnkit/cni-api'
import type { ServiceFacts, SliceFacts } from '@ovnkit/cni-service'
import type { Claim } from '../holders/plan.ts'

/** Name of what a Service's addresses need a node for. */
export const claimKey = (service: string) => `service/${service}`

/** @returns undefined when no node has to hold the addresses: a BGP agent leads to all of them */
export function claimOf(
  { externalLocal, publishNotReady }: ServiceFacts,
  { announce = 'arp', nodeSelector }: LoadBalancerPoolSpec,
  slices: readonly SliceFacts[],
): Claim | undefined {
  if (announce === 'none') return undefined
  return { balancer: true, nodeSelector, only: externalLocal ? nodesOf(slices, publishNotReady) : undefined }
}

/** Nodes with an endpoint that serves. With policy Local all others drop what comes. */
function nodesOf(slices: readonly SliceFacts[], publishNotReady: boolean): string[] {
  const nodes = new Set<string>()
  const draining = new Set<string>()
  for (const { endpoints } of slices) {
    for (const { node, state } of endpoints) {
      if (state === 'ready' || publishNotReady) nodes.add(node)
      else if (state === 'draining') draining.add(node)
    }
  }
  return [...(nodes.size > 0 ? nodes : draining)].filter(node => node !== '').sort()
}
