import { parseIp } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import type { ForwardedPacket } from './packet.ts'
import { findObstacle } from './verdict.ts'

const own = 'inet zstack-ovn'
const out: ForwardedPacket = { family: 4, input: 'ovn-mp0', output: 'eth0', source: parseIp('10.244.3.7') }
const into: ForwardedPacket = { family: 4, input: 'eth0', output: 'ovn-mp0', destination: parseIp('10.244.3.7') }

const on = (name: string, policy = 'accept', table = 'filter', family = 'ip') => ({
  chain: { family, table, name, type: 'filter', hook: 'forward', prio: 0, policy },
})
const plain = (name: string, table = 'filter', family = 'ip') => ({ chain: { family, table, name } })
const rule = (chain: string, expr: unknown[], table = 'filter', family = 'ip') => ({
  rule: { family, table, chain, expr },
})
const link = (key: string, right: unknown, op = '==') => ({ match: { op, left: { meta: { key } }, right } })
const source = (right: unknown) => ({
  match: { op: '==', left: { payload: { protocol: 'ip', field: 'saddr' } }, right },
})
const answers = { xt: { type: 'match', name: 'conntrack' } }
const counter = { counter: { packets: 3, bytes: 180 } }
const accept = { accept: null }
const drop = { drop: null }
const look = (objects: unknown[], packet = out) => findObstacle({ nftables: objects }, packet, own)

/** What `iptables -P FORWARD DROP` and Docker's chains come to. */
const docker = [
  on('FORWARD', 'drop'),
  plain('DOCKER-USER'),
  plain('DOCKER-FORWARD'),
  rule('FORWARD', [counter, { jump: { target: 'DOCKER-USER' } }]),
  rule('FORWARD', [counter, { jump: { target: 'DOCKER-FORWARD' } }]),
  rule('DOCKER-FORWARD', [link('oifname', 'docker0'), answers, counter, accept]),
  rule('DOCKER-FORWARD', [link('iifname', 'docker0'), counter, accept]),
]

describe('what the host forwards for pods', () => {
  it('passes where nobody filters', () => {
    expect(look([])).toBeUndefined()
    expect(look([on('FORWARD')])).toBeUndefined()
  })

  it('is dropped by a policy that nothing accepts before (Docker)', () => {
    const obstacle = { table: 'ip filter', chain: 'FORWARD', by: 'policy' }
    expect([look(docker), look(docker, into)]).toEqual([obstacle, obstacle])
  })

  it('passes again when the user lets it', () => {
    const mended = [...docker, rule('DOCKER-USER', [link('iifname', 'ovn-*'), counter, accept])]
    expect(look(mended)).toBeUndefined()
    expect(look(mended, into)).toBeDefined()
    const byAddress = rule('DOCKER-USER', [source({ prefix: { addr: '10.244.0.0', len: 16 } }), accept])
    expect(look([...docker, byAddress])).toBeUndefined()
  })

  it('is dropped by a last rule (firewalld), whatever another table accepts', () => {
    const state = { match: { op: 'in', left: { ct: { key: 'state' } }, right: { set: ['established', 'related'] } } }
    const firewalld = [
      on('filter_FORWARD', 'accept', 'firewalld', 'inet'),
      rule('filter_FORWARD', [state, accept], 'firewalld', 'inet'),
      rule('filter_FORWARD', [link('iifname', 'lo'), accept], 'firewalld', 'inet'),
      rule('filter_FORWARD', [{ reject: { type: 'icmpx', expr: 'admin-prohibited' } }], 'firewalld', 'inet'),
    ]
    const obstacle = { table: 'inet firewalld', chain: 'filter_FORWARD', by: 'rule' }
    expect(
      look([on('first', 'accept', 'other', 'inet'), rule('first', [accept], 'other', 'inet'), ...firewalld]),
    ).toEqual(obstacle)
  })

  it('is dropped by iptables’ REJECT', () => {
    const reject = rule('FORWARD', [link('oifname', 'docker0', '!='), { xt: { type: 'target', name: 'REJECT' } }])
    expect(look([on('FORWARD'), reject])).toMatchObject({ by: 'rule' })
  })

  it('is not said to be dropped where that is not sure', () => {
    const mark = { match: { op: '==', left: { meta: { key: 'mark' } }, right: 1 } }
    expect(look([on('FORWARD'), rule('FORWARD', [mark, drop])])).toBeUndefined()
    expect(look([on('FORWARD', 'drop'), rule('FORWARD', [mark, accept])])).toBeUndefined()
    expect(look([on('FORWARD'), rule('FORWARD', [source('192.0.2.1'), drop])])).toBeUndefined()
    expect(look([on('FORWARD', 'drop', 'filter', 'ip6')])).toBeUndefined()
    expect(look([on('FORWARD', 'drop', 'zstack-ovn', 'inet')])).toBeUndefined()
  })

  it('follows goto and return', () => {
    const chains = [on('FORWARD', 'drop'), plain('a'), plain('b')]
    const enter = rule('FORWARD', [{ goto: { target: 'a' } }])
    const never = rule('FORWARD', [accept])
    expect(look([...chains, enter, never, rule('a', [{ return: null }]), rule('a', [accept])])).toMatchObject({
      by: 'policy',
    })
    expect(look([...chains, enter, rule('a', [{ jump: { target: 'b' } }]), rule('a', [accept])])).toBeUndefined()
  })

  it('does not hang in chains that call one another', () => {
    expect(look([on('FORWARD'), rule('FORWARD', [{ jump: { target: 'FORWARD' } }])])).toBeUndefined()
  })
})
