import { hash } from 'node:crypto'
import type { Labels } from '@ovnkit/kube'
import { type Selector, selectorText, selects } from './selector.ts'

export type Protocol = 'TCP' | 'UDP' | 'SCTP'

/** A container port with a name (core/v1 ContainerPort). */
export interface NamedPort {
  readonly protocol: Protocol
  readonly name: string
  readonly number: number
}

/**
 * Pods by what they are. Policies that name the same pods share one group: as those that are isolated it is a port group, as those that may
 * talk to them two address sets. With `port` only those in which the name means this number.
 */
export interface PodGroup {
  readonly namespaces: { readonly name: string } | { readonly selector: Selector }
  readonly pods: Selector
  readonly port?: NamedPort
}

/** What a pod is judged by. */
export interface PodTraits {
  readonly namespace: string
  readonly labels: Labels
  readonly ports: readonly NamedPort[]
}

/** The pods of the group in which `port.name` means `port.number`. */
export const withPort = ({ namespaces, pods }: PodGroup, port: NamedPort): PodGroup => ({ namespaces, pods, port })

/** Whether the pod is in the group; `namespaceLabels` are those of its namespace. */
export function inGroup(group: PodGroup, pod: PodTraits, namespaceLabels: Labels): boolean {
  return (
    coversNamespace(group, pod.namespace, namespaceLabels) &&
    selects(group.pods, pod.labels) &&
    (group.port === undefined || numberOf(pod, group.port.protocol, group.port.name) === group.port.number)
  )
}

export function coversNamespace({ namespaces }: PodGroup, name: string, labels: Labels): boolean {
  return 'name' in namespaces ? namespaces.name === name : selects(namespaces.selector, labels)
}

/** What a name means in a pod; undefined: nothing. */
export function numberOf({ ports }: Pick<PodTraits, 'ports'>, protocol: Protocol, name: string): number | undefined {
  return ports.find(port => port.protocol === protocol && port.name === name)?.number
}

/** For people. */
export function groupText({ namespaces, pods, port }: PodGroup): string {
  const where =
    'name' in namespaces ? `namespace ${namespaces.name}` : `namespaces [${selectorText(namespaces.selector)}]`
  const which = port === undefined ? '' : ` where ${port.protocol} ${port.name} is ${port.number}`
  return `${where} pods [${selectorText(pods)}]${which}`
}

const names = new WeakMap<PodGroup, string>()

/** The group's name in rows: the first 64 bits of the SHA-256 of what it is in hexadecimal digits, behind a letter, because an expression shall name it. */
export function groupId(group: PodGroup): string {
  const known = names.get(group)
  if (known !== undefined) return known
  const { namespaces, pods, port } = group
  const which = port && [port.protocol, port.name, port.number]
  const identity = JSON.stringify(['name' in namespaces ? namespaces.name : [namespaces.selector], pods, which])
  const id = `g${hash('sha256', identity).slice(0, 16)}`
  names.set(group, id)
  return id
}
