import type { PodGroup } from '../group.ts'
import type { Requirement, Selector } from '../selector.ts'

/** Whether a pod may be in both groups; false only where labels or namespaces exclude each other for certain. */
export function mayOverlap(a: PodGroup, b: PodGroup): boolean {
  if ('name' in a.namespaces && 'name' in b.namespaces && a.namespaces.name !== b.namespaces.name) return false
  if ('selector' in a.namespaces && 'selector' in b.namespaces && exclude(a.namespaces.selector, b.namespaces.selector))
    return false
  return !exclude(a.pods, b.pods)
}

const exclude = (a: Selector, b: Selector): boolean =>
  a.some(one => b.some(other => one.key === other.key && (contradicts(one, other) || contradicts(other, one))))

function contradicts(a: Requirement, b: Requirement): boolean {
  if (a.operator !== 'In') return a.operator === 'Exists' && b.operator === 'DoesNotExist'
  if (b.operator === 'DoesNotExist') return true
  if (b.operator === 'In') return !a.values.some(value => b.values.includes(value))
  return b.operator === 'NotIn' && a.values.every(value => b.values.includes(value))
}
