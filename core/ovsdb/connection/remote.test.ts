import { describe, expect, test } from 'vitest'
import { formatRemote, parseRemote, parseRemotes, RemoteError } from './remote.ts'
import { Rotation } from './rotation.ts'

describe('parseRemotes', () => {
  test.each([
    ['tcp:127.0.0.1:6641', [{ kind: 'tcp', host: '127.0.0.1', port: 6641 }]],
    ['ssl:ovn-nb.example.org:6641', [{ kind: 'ssl', host: 'ovn-nb.example.org', port: 6641 }]],
    ['tcp:[::1]:6642', [{ kind: 'tcp', host: '::1', port: 6642 }]],
    ['ssl:[fe80::1%eth0]:6642', [{ kind: 'ssl', host: 'fe80::1%eth0', port: 6642 }]],
    ['tcp:nb', [{ kind: 'tcp', host: 'nb', port: 6640 }]],
    ['tcp:[::1]', [{ kind: 'tcp', host: '::1', port: 6640 }]],
    ['unix:/run/ovn/ovnnb_db.sock', [{ kind: 'unix', path: '/run/ovn/ovnnb_db.sock' }]],
    [
      'unix:/tmp/a,b.sock,tcp:c:1',
      [
        { kind: 'unix', path: '/tmp/a,b.sock' },
        { kind: 'tcp', host: 'c', port: 1 },
      ],
    ],
    [
      'tcp:a:1, tcp:b:2 ,unix:c',
      [
        { kind: 'tcp', host: 'a', port: 1 },
        { kind: 'tcp', host: 'b', port: 2 },
        { kind: 'unix', path: 'c' },
      ],
    ],
    ['', []],
  ])('%s', (text, remotes) => {
    expect(parseRemotes(text)).toEqual({ remotes, cid: undefined })
  })

  test('takes a list, and a pinned cluster anywhere in it', () => {
    const cid = '2b9d7e5c-8f0e-4a5f-9d43-0a54f5b0a1c2'
    expect(parseRemotes(['tcp:a:1', `cid:${cid.toUpperCase()},tcp:b:2`])).toEqual({
      remotes: [
        { kind: 'tcp', host: 'a', port: 1 },
        { kind: 'tcp', host: 'b', port: 2 },
      ],
      cid,
    })
  })

  test.each([
    ['tcp://127.0.0.1:6641', 'write tcp:127.0.0.1:6641'],
    ['127.0.0.1:6641', 'expected tcp:host:port'],
    ['ptcp:6641', 'expected tcp:host:port'],
    ['tcp:fe80::1:6641', 'put IPv6 addresses into brackets'],
    ['tcp:a:0', 'expected a port from 1 to 65535, got "0"'],
    ['tcp:a:65536', 'expected a port'],
    ['tcp:a:x', 'expected a port'],
    ['tcp::1', 'the host is missing'],
    ['unix:', 'the path is missing'],
    ['cid:1', 'expected cid: with the UUID'],
  ])('refuses %s', (text, why) => {
    expect(() => parseRemotes(text)).toThrow(RemoteError)
    expect(() => parseRemotes(text)).toThrow(why)
  })

  test.each(['tcp:127.0.0.1:6641', 'ssl:[fe80::1%eth0]:6642', 'unix:/a,b'])('formats %s as it was', text => {
    expect(formatRemote(parseRemote(text))).toBe(text)
  })
})

describe('Rotation', () => {
  const { remotes } = parseRemotes('tcp:a:1,tcp:b:1,tcp:c:1')

  test('goes round and round', () => {
    const rotation = new Rotation(remotes, false)
    expect(Array.from({ length: 4 }, () => formatRemote(rotation.next()))).toEqual([
      'tcp:a:1',
      'tcp:b:1',
      'tcp:c:1',
      'tcp:a:1',
    ])
  })

  test('shuffled, it still visits every remote in each round', () => {
    const rotation = new Rotation(remotes, true)
    for (let round = 0; round < 5; round++) {
      const visited = Array.from({ length: 3 }, () => formatRemote(rotation.next()))
      expect(visited.toSorted()).toEqual(['tcp:a:1', 'tcp:b:1', 'tcp:c:1'])
    }
  })

  test('knows its remotes', () => {
    const rotation = new Rotation(remotes, false)
    expect(rotation.has(parseRemote('tcp:b:1'))).toBe(true)
    rotation.replace(parseRemotes('tcp:a:1').remotes)
    expect(rotation.has(parseRemote('tcp:b:1'))).toBe(false)
    expect(rotation.size).toBe(1)
  })
})
