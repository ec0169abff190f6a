import type { LabelSelector, Labels, Requirement } from './objects.ts'

/**
 * Whether a selector selects an object with these labels (meta/v1 LabelSelector): all of its requirements hold; an empty one selects
 * everything, a missing one nothing.
 */
export function selects(selector: LabelSelector | undefined, labels: Labels = {}): boolean {
  if (selector === undefined) return false
  const { matchLabels = {}, matchExpressions = [] } = selector
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(one => holds(one, labels[one.key]))
  )
}

function holds({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      throw new Error(`expected one of the operators In, NotIn, Exists and DoesNotExist; got ${operator}`)
  }
}
