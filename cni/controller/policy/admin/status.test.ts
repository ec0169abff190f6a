import type { AdminVerdict } from '@ovnkit/cni-policy'
import type { OwnerStatus } from '@ovnkit/reconcile'
import { describe, expect, it } from 'vitest'
import { conditionsOf } from './status.ts'

const verdict: AdminVerdict = { problems: [], conflicts: [], refused: false }
const done: OwnerStatus = { state: 'done', reason: '', message: '', attempts: 0, since: 0 }

const told = (change: Partial<AdminVerdict>, rows?: OwnerStatus) =>
  conditionsOf({ generation: 3 }, { ...verdict, ...change }, rows).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}${message === '' ? '' : `: ${message}`}`,
  )

describe('conditions of a policy of the cluster', () => {
  it('say that all is well, for the generation that was read', () => {
    expect(told({}, done)).toEqual(['Accepted=True Accepted', 'Programmed=True Programmed'])
    expect(conditionsOf({ generation: 3 }, verdict, done)[0]).toMatchObject({ observedGeneration: 3 })
  })

  it('say what is missing, and what OVN has against it', () => {
    expect(told({}, undefined)).toContain('Programmed=False Pending')
    const refusing: OwnerStatus = { ...done, state: 'retry', reason: 'Rejected', message: 'no space' }
    expect(told({ problems: ['a', 'b'] }, refusing)).toEqual([
      'Accepted=False PartlySupported: a; b',
      'Programmed=False Rejected: no space',
    ])
    expect(told({ problems: ['a'], refused: true }, done)).toEqual([
      'Accepted=False Refused: a',
      'Programmed=False Refused: nothing of it is carried out',
    ])
  })

  it('name others of the priority, but not a hundred of them', () => {
    const [, , conflict] = told({ conflicts: Array.from({ length: 8 }, (_, i) => `AdminNetworkPolicy/${i}`) }, done)
    expect(conflict).toMatch(/^Conflicted=True SamePriority: .*AdminNetworkPolicy\/4, and 3 more$/)
  })
})
