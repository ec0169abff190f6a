import type { EndpointState, Hints, ServiceFacts, ServicePort, SliceFacts } from '@ovnkit/cni-service'
import { ipFamily, parseIp } from '@ovnkit/inet'

/** A Service `shop/web` as facts, with what a test says of it. */
export function service(change: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    namespace: 'shop',
    name: 'web',
    uid: 'u',
    type: 'ClusterIP',
    clusterIPs: [parseIp('10.96.0.10')],
    ports: [port('TCP', 80)],
    externalIPs: [],
    ingress: [],
    loadBalancerClass: undefined,
    sourceRanges: [],
    affinity: 0,
    externalLocal: false,
    internalLocal: false,
    publishNotReady: false,
    healthCheckNodePort: 0,
    ...change,
  }
}

export function port(protocol: ServicePort['protocol'], number: number, name = ''): ServicePort {
  return { name, protocol, port: number, nodePort: 0 }
}

/** A slice of `shop/web`, one TCP port 8080 without a name. An endpoint is `address@node`, further words its state and zone. */
export function slice(endpoints: readonly string[], change: Partial<SliceFacts> = {}): SliceFacts {
  const parsed = endpoints.map(text => {
    const [place = '', state = 'ready', zone] = text.split(' ')
    const [address = '', node = ''] = place.split('@')
    const hints: Hints | undefined = zone === undefined ? undefined : { zones: [zone], nodes: [] }
    return { address: parseIp(address), state: stateOf(state), node, hints }
  })
  const [first] = parsed
  return {
    service: 'shop/web',
    family: first === undefined ? 4 : ipFamily(first.address),
    ports: [{ name: '', protocol: 'TCP', port: 8080 }],
    endpoints: parsed,
    ignored: [],
    ...change,
  }
}

function stateOf(text: string): EndpointState {
  return text === 'draining' || text === 'down' ? text : 'ready'
}
