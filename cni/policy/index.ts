export {
  type AdminFacts,
  type AdminKind,
  adminPolicyFacts,
  baselinePolicyFacts,
  clusterPolicyFacts,
} from './admin/facts.ts'
export type { AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy } from './admin/objects.ts'
export { type AdminPlan, type AdminVerdict, adminKey, planAdmin } from './admin/plan.ts'
export { type BandPlace, placeOf, slotPriority } from './bands.ts'
export { type Block, blockKey, type NodeAddresses, type NodeCover, nodeCover } from './block.ts'
export {
  type DomainUse,
  domainSetId,
  domainSetName,
  domainUse,
  meaning,
  parseDomainName,
} from './domain.ts'
export { type End, endText, type NodeEnd, type PodEnd } from './explain/ends.ts'
export {
  type BandRuling,
  type Explanation,
  explain,
  type Question,
  type RuleName,
  ruleText,
  type SideRuling,
} from './explain/explain.ts'
export { type PolicyLogging, parseLogging } from './facts/logging.ts'
export { namedPortsOf } from './facts/named-ports.ts'
export { networkPolicyFacts, parseBlock } from './facts/network-policy.ts'
export { type ApiPort, parsePort, parseProtocol } from './facts/port.ts'
export {
  coversNamespace,
  groupId,
  groupText,
  inGroup,
  type NamedPort,
  numberOf,
  type PodGroup,
  type PodTraits,
  type Protocol,
  withPort,
} from './group.ts'
export type { MatchContext } from './matches.ts'
export { PolicyMistake } from './mistake.ts'
export { peerSet, subjectGroup, subjectName } from './names.ts'
export { allPods, type GroupNeed, needsOf, type PortName, peersIn } from './needs.ts'
export { nodeSelectors, nodeSetId, nodeSetName } from './node-set.ts'
export { groupRow, logMeter, peerRows, type RowContext, ruleRows } from './rows.ts'
export {
  type Action,
  type Band,
  type Direction,
  type Peer,
  type Policy,
  type PolicyRule,
  type PortMatch,
  policyKey,
} from './rule.ts'
export {
  type ApiSelector,
  anything,
  neededLabel,
  parseSelector,
  type Requirement,
  type Selector,
  selectorText,
  selects,
} from './selector.ts'
