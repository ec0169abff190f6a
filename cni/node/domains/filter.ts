import { assembleFilter, type FilterStep, packetTypes, filterStep as step } from '@ovnkit/linux'

const dnsPort = 53
const protocols = { tcp: 6, udp: 17 } as const
const ethernetHeader = 14
const ipv6Header = 40

/** To the pod, from port 53, of either protocol and family. Later fragments have no ports; extension headers of IPv6 are not looked behind. */
const answersToPod: readonly FilterStep[] = [
  step.packetType(),
  step.equals(packetTypes.outgoing, { no: 'other' }),
  step.halfAt(12),
  step.equals(0x0800, { yes: 'ipv4' }),
  step.equals(0x86dd, { yes: 'ipv6', no: 'other' }),
  step.byteAt(ethernetHeader + 9, { at: 'ipv4' }),
  step.equals(protocols.udp, { yes: 'whole' }),
  step.equals(protocols.tcp, { no: 'other' }),
  step.halfAt(ethernetHeader + 6, { at: 'whole' }),
  step.anyBit(0x1fff, { yes: 'other' }),
  step.afterIpv4At(ethernetHeader),
  step.halfBehind(ethernetHeader),
  step.equals(dnsPort, { yes: 'answer', no: 'other' }),
  step.byteAt(ethernetHeader + 6, { at: 'ipv6' }),
  step.equals(protocols.udp, { yes: 'port' }),
  step.equals(protocols.tcp, { no: 'other' }),
  step.halfAt(ethernetHeader + ipv6Header, { at: 'port' }),
  step.equals(dnsPort, { no: 'other' }),
  step.accept({ at: 'answer' }),
  step.drop({ at: 'other' }),
]

/**
 * What the kernel hands to us of a pod's packets: answers of DNS servers, as the switch delivers them by the host's end of the pod's interface. What the pod sends itself, from
 * whatever port, is none.
 */
export const answerFilter: Buffer = assembleFilter(answersToPod)
