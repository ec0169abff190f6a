import { annotationNames } from '@ovnkit/cni-api'
import { type PolicyLogging, parseLogging } from '@ovnkit/cni-policy'
import type { Labels, Namespace } from '@ovnkit/kube'

/** What the controller keeps of a Namespace. */
export interface NamespaceFacts {
  readonly uid: string
  readonly labels: Labels
  /** Annotation `zstack.io/security-groups`. */
  readonly securityGroups: string | undefined
  /** How loud decisions of its policies are told. */
  readonly logging: PolicyLogging
  /** What is wrong with its annotations, a sentence each. */
  readonly problems: readonly string[]
}

const { aclLogging, aclLoggingOvn } = annotationNames.namespace

export function namespaceFacts({ metadata = {} }: Namespace): NamespaceFacts {
  const { uid = '', labels = {}, annotations = {} } = metadata
  const name = [aclLogging, aclLoggingOvn].find(one => annotations[one] !== undefined)
  const { logging, problems } = name === undefined ? silent : parseLogging(annotations[name] ?? '')
  return {
    uid,
    labels,
    securityGroups: annotations[annotationNames.pod.securityGroups],
    logging,
    problems: problems.map(problem => `annotation ${name}: ${problem}`),
  }
}

const silent = { logging: {}, problems: [] }
