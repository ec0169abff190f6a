import { cniErrors } from '@ovnkit/cni-api/agent-socket'
import { describe, expect, it } from 'vitest'
import { PluginError } from './failure.ts'
import { buildRequest } from './request.ts'

const config = { cniVersion: '1.1.0', name: 'zstack-ovn-kubernetes' }
const good = { CNI_CONTAINERID: 'c1', CNI_NETNS: '/run/netns/x', CNI_IFNAME: 'eth0' }

function codeOf(env: Record<string, string>): number | undefined {
  try {
    buildRequest('CHECK', { ...good, ...env }, config)
    return undefined
  } catch (error) {
    if (error instanceof PluginError) return error.failure.code
    throw error
  }
}

describe('parameters in the environment', () => {
  it.each(['c1', '0_a.b-C', 'f'.repeat(64)])('the container ID %s is one', id => {
    expect(codeOf({ CNI_CONTAINERID: id })).toBeUndefined()
  })

  it.each(['../..', '-x', 'a b', 'ä', 'a/b'])('the container ID %j is none: 4', id => {
    expect(codeOf({ CNI_CONTAINERID: id })).toBe(cniErrors.badEnvironment)
  })

  it.each(['eth0', 'net1.100', 'fifteen-bytes-x'])('an interface can be called %s', name => {
    expect(codeOf({ CNI_IFNAME: name })).toBeUndefined()
  })

  it.each(['a/b', 'a:b', 'a b', '.', '..', 'sixteen-bytes-xx', 'äöüäöüäö'])('none can be called %j: 4', name => {
    expect(codeOf({ CNI_IFNAME: name })).toBe(cniErrors.badEnvironment)
  })
})
