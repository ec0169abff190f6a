import { type ControlPlane, findTool, startControlPlane } from '@ovnkit/kube/testing'
import { run } from '@ovnkit/ovsdb/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folder = (name: string) => new URL(name, import.meta.url).pathname
let plane: ControlPlane
let kubectl: (...args: string[]) => Promise<string>
beforeAll(async () => {
  plane = await startControlPlane()
  const program = await findTool('kubectl')
  kubectl = (...args) => run(program, ['--kubeconfig', plane.kubeconfig, ...args])
})
afterAll(() => plane[Symbol.asyncDispose]())

describe('kubectl apply -k', () => {
  it.each(['standalone/ha', 'external', 'cleanup'])('of %s is accepted by an API server', async name => {
    await kubectl('apply', '--validate=strict', '--dry-run=server', '-k', folder(name))
  })

  it('is accepted whole by an API server, and a second time changes nothing', async () => {
    await kubectl('apply', '--validate=strict', '-k', folder('standalone/single'))
    const again = await kubectl('apply', '--validate=strict', '-k', folder('standalone/single'))
    expect(
      again
        .trim()
        .split('\n')
        .filter(line => !line.endsWith('unchanged')),
    ).toEqual([])
  })

  it('makes what the documents name', async () => {
    const names = await kubectl('-n', 'kube-system', 'get', 'deployments,daemonsets', '-o', 'name')
    expect(names.trim().split('\n').sort()).toEqual([
      'daemonset.apps/zstack-ovnkube-node',
      'deployment.apps/ovn-nb-db',
      'deployment.apps/ovn-northd',
      'deployment.apps/ovn-sb-db',
      'deployment.apps/zstack-ovnkube-controller',
    ])
    const labelled = await kubectl(
      '-n',
      'kube-system',
      'get',
      'daemonset',
      '-l',
      'app.kubernetes.io/name=zstack-ovn-kubernetes',
      '-o',
      'name',
    )
    expect(labelled).toContain('zstack-ovnkube-node')
  })

  it('serves Subnets under their short name, with the documented columns', async () => {
    await kubectl('apply', '-k', folder('../examples/overlay-network'))
    const [header = '', ...rows] = (await kubectl('get', 'sn')).trim().split('\n')
    expect(header.split(/\s+/)).toEqual(['NAME', 'CIDR', 'GATEWAY', 'PHASE', 'AVAILABLE', 'USED', 'AGE'])
    expect(rows).toHaveLength(4)
  })
})

describe('the examples of network policies', () => {
  it('are taken as they are', async () => {
    await kubectl('create', 'namespace', 'shop')
    await kubectl('apply', '-k', folder('../examples/network-policy'))
    expect((await kubectl('-n', 'shop', 'get', 'networkpolicies', '-o', 'name')).trim().split('\n')).toHaveLength(4)
  })
})

describe('the service accounts', () => {
  const may = async (account: string, verb: string, what: string, ...more: string[]) => {
    const as = `--as=system:serviceaccount:kube-system:${account}`
    return (
      (await kubectl('auth', 'can-i', verb, what, as, ...more).catch(error => String(error.stdout))).trim() === 'yes'
    )
  }

  it('may do what the programs do, and no more', async () => {
    const controller = 'zstack-ovnkube-controller'
    expect(await may(controller, 'patch', 'pods')).toBe(true)
    expect(await may(controller, 'patch', 'subnets.network.zstack.io/status')).toBe(true)
    expect(await may(controller, 'create', 'events')).toBe(true)
    expect(
      await may(controller, 'update', `leases.coordination.k8s.io/${controller}-leader`, '-n', 'kube-system'),
    ).toBe(true)
    expect(await may(controller, 'delete', 'pods')).toBe(false)
    expect(await may(controller, 'get', 'secrets')).toBe(false)
    expect(await may('zstack-ovnkube-node', 'patch', 'pods')).toBe(false)
    expect(await may('zstack-ovnkube-node', 'patch', 'nodes')).toBe(true)
  })
})
