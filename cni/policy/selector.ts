import { type Labels, meetsAll } from '@ovnkit/kube'
import { PolicyMistake } from './mistake.ts'

/** One condition on labels. `values` are sorted and unique; empty for `Exists` and `DoesNotExist`. */
export interface Requirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  readonly values: readonly string[]
}

/** A label selector in canonical form: sorted, nothing twice, `matchLabels` as `In` of one value. Empty: everything. */
export type Selector = readonly Requirement[]

/** meta/v1 LabelSelector as an API object has it; what a custom resource holds was checked by nobody. */
export interface ApiSelector {
  readonly matchLabels?: Readonly<Record<string, string>> | null
  readonly matchExpressions?:
    | readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] | null }[]
    | null
}

/** Selects everything. */
export const anything: Selector = []

/**
 * @returns equal selectors have equal JSON, however they were written
 * @throws PolicyMistake for an operator that does not exist, or that has no values
 */
export function parseSelector({ matchLabels, matchExpressions }: ApiSelector): Selector {
  const requirements = [
    ...Object.entries(matchLabels ?? {}).map(([key, value]) => requirement(key, 'In', [value])),
    ...(matchExpressions ?? []).map(({ key, operator, values }) => requirement(key, operator, values ?? [])),
  ]
  const byIdentity = new Map(requirements.map(one => [JSON.stringify(one), one]))
  return [...byIdentity].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

function requirement(key: string, operator: string, values: readonly string[]): Requirement {
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) throw new PolicyMistake(`operator ${operator} of label "${key}" needs values, got none`)
      return { key, operator, values: [...new Set(values)].sort() }
    case 'Exists':
    case 'DoesNotExist':
      return { key, operator, values: [] }
    default:
      throw new PolicyMistake(
        `expected operator In, NotIn, Exists or DoesNotExist for label "${key}", got "${operator}"`,
      )
  }
}

/** Whether all requirements hold. */
export const selects = (selector: Selector, labels: Labels): boolean => meetsAll(selector, labels)

/** For people, as `kubectl -l` takes it. No identity: values of custom resources may hold any character. */
export const selectorText = (selector: Selector): string => selector.map(requirementText).join(',')

function requirementText({ key, operator, values: [first, ...others] }: Requirement): string {
  switch (operator) {
    case 'In':
      return others.length === 0 ? `${key}=${first}` : `${key} in (${[first, ...others].join(',')})`
    case 'NotIn':
      return others.length === 0 ? `${key}!=${first}` : `${key} notin (${[first, ...others].join(',')})`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
  }
}

/** A label (`key=value`) without which the selector selects nothing, if it names one: by it an index finds the selectors that may match. */
export function neededLabel(selector: Selector): string | undefined {
  const exact = selector.find(({ operator, values }) => operator === 'In' && values.length === 1)
  return exact && `${exact.key}=${exact.values[0]}`
}
