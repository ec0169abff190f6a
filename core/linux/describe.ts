import type { LinkAttributes, LinkSelector } from './codec/link.ts'
import type { NeighbourSpec } from './codec/neighbour.ts'
import type { RouteSpec } from './codec/route.ts'
import type { RuleSpec } from './codec/rule.ts'

/** Texts of what was attempted, for error messages and logs; close to what `ip` would be told. */

export const describeLink = (link: LinkSelector): string =>
  typeof link === 'number' ? `link ${link}` : `link "${link}"`

export function describeLinkChange(link: LinkSelector, changes: LinkAttributes, netns?: string): string {
  const { up, ...rest } = changes
  const parts = words(rest)
  if (up !== undefined) parts.push(up ? 'up' : 'down')
  if (netns !== undefined) parts.push(`netns ${netns}`)
  return `set ${describeLink(link)} ${parts.join(' ')}`
}

export function describeRoute({ destination, type, index, ...rest }: RouteSpec): string {
  const parts = [type && type !== 'unicast' ? `${type} ${destination.text}` : destination.text]
  if (index !== undefined) parts.push(`dev ${index}`)
  return [...parts, ...words(rest)].join(' ')
}

export function describeRule({ family, source, destination, ...rest }: RuleSpec): string {
  return [
    `IPv${family}`,
    `from ${source?.text ?? 'all'}`,
    ...(destination ? [`to ${destination.text}`] : []),
    ...words(rest),
  ].join(' ')
}

export function describeNeighbour({ index, address, mac, proxy }: NeighbourSpec): string {
  return `${proxy ? 'proxy ' : ''}neighbour ${address}${mac ? ` lladdr ${mac}` : ''} on link ${index}`
}

function words(fields: object): string[] {
  return Object.entries(fields).map(([name, value]) => (value === true ? name : `${name} ${value}`))
}
