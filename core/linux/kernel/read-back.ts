import type { Route } from '../codec/route.ts'
import type { Rule } from '../codec/rule.ts'
import { type KernelRouteSpec, type KernelRuleSpec, metricOf } from './desired.ts'

/** The desired form of what was read, good for its key and its removal. */

export const routeSpecOf = (route: Route, link: string | undefined): KernelRouteSpec => ({
  destination: route.destination,
  table: route.table,
  metric: metricOf(route.family, route.metric),
  type: route.type,
  ...(link !== undefined && { link }),
  ...(route.via !== undefined && { via: route.via }),
})

export const ruleSpecOf = (rule: Rule): KernelRuleSpec => ({
  family: rule.family,
  priority: rule.priority,
  table: rule.table,
  invert: rule.invert,
  ...(rule.action !== 'other' && { action: rule.action }),
  ...(rule.source && { source: rule.source }),
  ...(rule.destination && { destination: rule.destination }),
  ...(rule.inputLink !== undefined && { inputLink: rule.inputLink }),
  ...(rule.outputLink !== undefined && { outputLink: rule.outputLink }),
  ...(rule.mark !== undefined && { mark: rule.mark }),
  ...(rule.mask !== undefined && { mask: rule.mask }),
  ...(rule.suppressPrefixLength !== undefined && { suppressPrefixLength: rule.suppressPrefixLength }),
})
