import { describe, expect, test } from 'vitest'
import { parseServerRow, rejectionOf } from './server-row.ts'

const wanted = { database: 'db', cid: undefined, leaderOnly: true, minIndex: 0 }
const cid = '2b9d7e5c-8f0e-4a5f-9d43-0a54f5b0a1c2'
const standalone = { name: 'db', model: 'standalone', connected: true, leader: true, schema: '{}' }
const member = { ...standalone, model: 'clustered', cid: ['uuid', cid], index: 10 }
const relay = { ...standalone, model: 'relay', leader: false }
const empty = ['set', []]

describe('whether a server is of use', () => {
  test.each([
    ['a standalone server', standalone, wanted],
    ['the leader', member, wanted],
    ['a follower, if any member will do', { ...member, leader: false }, { ...wanted, leaderOnly: false }],
    ['a connected relay, if any server will do', relay, { ...wanted, leaderOnly: false }],
    ['a member of the pinned cluster', member, { ...wanted, cid }],
    ['a member that is exactly as far as seen', member, { ...wanted, minIndex: 10 }],
  ])('%s is', (_what, row, want) => {
    expect(rejectionOf(parseServerRow(row), want)).toBe(undefined)
  })

  test.each([
    ['a follower', { ...member, leader: false }, wanted, 'not the leader'],
    ['a member without majority', { ...member, connected: false }, wanted, 'disconnected from its cluster'],
    ['a member that has not joined', { ...member, schema: empty }, wanted, 'not joined'],
    ['a member of another cluster', member, { ...wanted, cid: cid.replace('2', '3') }, 'expected cluster'],
    ['a server without cluster, if one is pinned', standalone, { ...wanted, cid }, 'belongs to none'],
    ['a member that is behind', member, { ...wanted, minIndex: 11 }, 'older (index 10)'],
    ['a relay, if the leader is wanted', relay, wanted, 'never a leader'],
    [
      'a relay cut off',
      { ...relay, connected: false },
      { ...wanted, leaderOnly: false },
      'disconnected from its source',
    ],
  ])('%s is not', (_what, row, want, why) => {
    expect(rejectionOf(parseServerRow(row), want)).toContain(why)
  })

  test('a server without the database is not', () => {
    expect(rejectionOf(undefined, wanted)).toBe('the server has no database db')
  })
})
