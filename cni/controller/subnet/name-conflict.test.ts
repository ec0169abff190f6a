import { describe, expect, it } from 'vitest'
import { nameConflict } from './name-conflict.ts'

const refused = (message: string, reason = 'Rejected') =>
  ({ state: 'retry', reason, message, attempts: 1, since: 0 }) as const

describe('names that another cluster has', () => {
  it('are told by the server’s words', () => {
    const message =
      'nb: constraint violation: Transaction causes multiple rows in "Logical_Router_Port" table to have identical values (cluster-join) for index on column "name".'
    expect(nameConflict(refused(message))).toMatchObject({
      reason: 'NameConflict',
      message: expect.stringMatching(/^Logical_Router_Port "cluster-join" exists.*ovn\.clusterName/),
    })
  })

  it('are not what other refusals mean', () => {
    expect(nameConflict(undefined)).toBeUndefined()
    expect(nameConflict(refused('nb: constraint violation: something else'))).toBeUndefined()
    expect(nameConflict(refused('identical values (x)', 'Blocked'))).toBeUndefined()
  })
})
