import type { Families } from '../state/record.ts'

/** Tests that say nothing about the network here, or cannot run here, each with its reason. */
export interface Skip {
  readonly pattern: RegExp
  readonly reason: string
  /** Default: in every cluster. */
  readonly families?: readonly Families[]
  /** On fewer nodes than these. */
  readonly belowNodes?: number
}

export const skips: readonly Skip[] = [
  { pattern: /\[Feature:Networking-(IPv4|IPv6|DNS)\]|Forward PTR lookup/, reason: 'asks the Internet' },
  { pattern: /KubeProxy|kube-proxy/i, reason: 'tests kube-proxy itself, which is replaced' },
  { pattern: /recreate its iptables rules/, reason: "tests kube-proxy's iptables rules, over SSH" },
  { pattern: /work after restarting apiserver/, reason: 'wants an API server that runs as a pod' },
  { pattern: /\[Provider:GCE\]/, reason: 'needs a cloud' },
  { pattern: /handle load balancer cleanup finalizer/, reason: "tests a cloud provider's finalizer" },
  {
    pattern: /\[Feature:SCTPConnectivity\]/,
    reason:
      'SCTP packets need the kernel module sctp, and a datapath that follows their connections; in the virtual machine kernel-datapath.txt has them',
  },
  {
    pattern: /handle large requests: udp|function for service endpoints using hostNetwork/,
    reason:
      'asks a Service by fragments, whose ports OVN 23.03 cannot match where Open vSwitch forwards in user space; in the virtual machine kernel-datapath.txt does',
  },
  {
    pattern: /switch session affinity for LoadBalancer service with Local traffic policy/,
    reason:
      'wants one address to lead to endpoints of several nodes under policy Local: a load balancer in front of the nodes (a cloud); announced by ARP it lives on one node',
  },
  {
    pattern: /ExternalTrafficPolicy: Local .* should work from pods/,
    reason: 'takes what stands before the first colon of an address for the address',
    families: ['ipv6'],
  },
  { pattern: /\[Feature:(Networking-Performance|PerformanceDNS)\]/, reason: 'measures, with programs of its own' },
  {
    pattern: /\[Feature:IPv6DualStack\]/,
    reason: 'asks for addresses of both families',
    families: ['ipv4', 'ipv6'],
  },
  {
    pattern: /correctly between pods on multiple nodes|fall back to same zone when using PreferSameNode/,
    reason: 'asks for two nodes in each of three zones: runs with --nodes 6',
    belowNodes: 6,
  },
]

/** Why a test is left out of a run, or undefined: it runs. */
export function reasonToSkip(test: string, cluster: { families: Families; nodes: number }): string | undefined {
  return skips.find(
    ({ pattern, families, belowNodes = 0 }) =>
      pattern.test(test) &&
      (families?.includes(cluster.families) ?? true) &&
      (belowNodes === 0 || cluster.nodes < belowNodes),
  )?.reason
}

/** A few minutes' worth: each way of a Service once, DNS, affinity, policies, host ports. */
export const quick: readonly RegExp[] = [
  /API Server should provide secure master service/,
  /DNS should provide DNS for the cluster \[Conf/,
  /DNS should provide DNS for services/,
  /Networking Granular Checks: Pods should function for (intra|node)-pod communication: (http|udp)/,
  /Granular Checks: Services should function for (pod|node|endpoint)-Service: (http|udp)/,
  /Granular Checks: Services Secondary IP Family.* should function for (pod|node)-Service: (http|udp)/,
  /HostPort validates that there is no conflict/,
  /Services should serve (a basic endpoint|multiport endpoints) from pods/,
  /Services should be able to create a functioning NodePort service/,
  /Services should have session affinity work for (service with type clusterIP|NodePort service)/,
  /Services should be rejected when no endpoints exist/,
  /Services should allow pods to hairpin back/,
  /Services should respect internalTrafficPolicy=Local Pod to Pod/,
  /Services should support externalTrafficPolicy=Local for type=NodePort/,
  /EndpointSlice should support a Service with multiple ports/,
  /Netpol NetworkPolicy between server and client should (deny ingress access to updated pod|enforce policies to check ingress and egress policies can be controlled independently|allow ingress access on one named port)/,
]
