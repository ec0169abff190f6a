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
export { PolicyMistake } from './mistake.ts'
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
