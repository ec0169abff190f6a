/** meta/v1 LabelSelector. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly LabelRequirement[]
}

export interface LabelRequirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values?: readonly string[]
}

export type Labels = Readonly<Record<string, string>>

/** Whether a selector selects an object with these labels: all of its requirements hold. An empty one selects everything. */
export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labelOf(labels, key) === value) &&
    meetsAll(matchExpressions, labels)
  )
}

/** Whether all requirements hold for these labels. */
export const meetsAll = (requirements: readonly LabelRequirement[], labels: Labels): boolean =>
  requirements.every(requirement => holds(requirement, labelOf(labels, requirement.key)))

/** A key may be called as something that every object has. */
const labelOf = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined

/** `NotIn` holds for an object without the label (apimachinery, labels.Requirement.Matches). */
function holds({ operator, values = [] }: LabelRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
  }
}
