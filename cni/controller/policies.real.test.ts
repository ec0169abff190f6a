import { type NetworkPolicy, resources } from '@ovnkit/kube'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { World } from './testing/world.ts'

/** One world for the tests in their order: each goes on from what the one before left. */
let w: World
beforeAll(async () => {
  w = await World.start({ northd: true })
  await w.addNode('n1', '192.168.0.11')
  await w.startController()
  await w.subnet('default', ({ status }) => status?.phase === 'Active', 'Active')
})
afterAll(() => w[Symbol.asyncDispose]())

const web = { matchLabels: { app: 'web' } }
const client = { matchLabels: { app: 'client' } }

/** `spec` as the API has it, where the client's types call `from` by another name. */
const policy = (name: string, spec: object) =>
  w.kube.client.create(resources.networkPolicies, {
    metadata: { namespace: 'default', name },
    spec,
  } as unknown as NetworkPolicy)

const dropPolicy = (name: string) => w.kube.client.delete(resources.networkPolicies, { namespace: 'default', name })

/** Column of the rows of a table, one a line, sorted. */
const column = async (table: string, name: string) =>
  (await w.nbctl('--bare', `--columns=${name}`, 'list', table)).split('\n').filter(Boolean).sort()

const groupsOfPolicies = async () => (await column('Port_Group', 'name')).filter(name => name.startsWith('np_'))
const setsOfPolicies = async () => (await column('Address_Set', 'name')).filter(name => name.startsWith('np_'))

const northdIsDone = () => w.nbctl('--wait=sb', 'sync')

async function mac(address: string): Promise<string> {
  const bytes = address.split('.').map(part => Number(part).toString(16).padStart(2, '0'))
  return `0a:58:${bytes.join(':')}`
}

/** What `ovn-trace` says of a new connection between two pods: whether it comes out at the other's port. */
async function passes(from: string, to: string, rest: string): Promise<boolean> {
  await northdIsDone()
  const [source, destination] = [await w.podAddress(from), await w.podAddress(to)]
  const ethernet = `inport=="default_${from}" && eth.src==${await mac(source)} && eth.dst==${await mac(destination)}`
  const flow = `${ethernet} && ip.ttl==64 && ip4.src==${source} && ip4.dst==${destination} && ${rest}`
  expect(await w.traceErrors('subnet-default', flow)).toBe('')
  return (await w.trace('subnet-default', flow)).includes(`output("default_${to}")`)
}

describe('a NetworkPolicy', () => {
  it('isolates a pod in the transaction that makes its port', async () => {
    await policy('web', { podSelector: web, ingress: [{ from: [{ podSelector: client }], ports: [{ port: 'http' }] }] })
    await waitUntil('the rules', async () => (await groupsOfPolicies()).length > 0)
    const seen: { port: boolean; groups: number }[] = []
    using _ = w.controller.nb.onBatch(batch => {
      const [port] = batch.table('Logical_Switch_Port')?.inserted ?? []
      const groups = batch.table('Port_Group')
      const joined = groups?.updated.filter(({ deltas }) => (deltas.get('ports')?.added.length ?? 0) > 0) ?? []
      const made = groups?.inserted.filter(({ ports }) => ports.size > 0) ?? []
      if (port !== undefined || joined.length + made.length > 0)
        seen.push({ port: port?.name === 'default_web', groups: joined.length + made.length })
    })
    await w.addPod('web', { labels: { app: 'web' }, ports: { http: 80 } })
    await w.podAddress('web')
    await waitUntil('its port', async () => (await w.portAddresses('default_web')) !== '')
    await w.settled()
    // The group of all such pods, the policy's, and that of the pods in which the name means 80.
    expect(seen).toEqual([{ port: true, groups: 3 }])
  })

  it('lets in whom it names, at the port that the name means', async () => {
    await w.addPod('client', { labels: { app: 'client' } })
    await w.addPod('other')
    await w.addPod('web-2', { labels: { app: 'web' }, ports: { http: 8080 } })
    for (const name of ['client', 'other', 'web-2']) await w.podAddress(name)
    await w.settled()
    expect(await passes('client', 'web', 'tcp && tcp.dst==80')).toBe(true)
    expect(await passes('client', 'web', 'tcp && tcp.dst==8080')).toBe(false)
    expect(await passes('client', 'web-2', 'tcp && tcp.dst==8080')).toBe(true)
    expect(await passes('client', 'web-2', 'tcp && tcp.dst==80')).toBe(false)
    expect(await passes('other', 'web', 'tcp && tcp.dst==80')).toBe(false)
    expect(await passes('web', 'other', 'tcp && tcp.dst==80')).toBe(true)
    expect(await passes('client', 'web', 'icmp4')).toBe(false)
  })

  it('follows the labels of pods', async () => {
    const patch = (app: string) =>
      w.kube.client.mergePatch(
        resources.pods,
        { namespace: 'default', name: 'other' },
        { metadata: { labels: { app } } },
      )
    await patch('client')
    await waitUntil('the client to be let in', () => passes('other', 'web', 'tcp && tcp.dst==80'))
    await patch('none')
    await waitUntil('it to be kept out', async () => !(await passes('other', 'web', 'tcp && tcp.dst==80')))
  })

  it('costs a pod more no more than its own rows and one element for each group that it is in', async () => {
    const { engine } = w.controller.session ?? {}
    await w.settled()
    const before = engine?.stats.operations ?? 0
    await w.addPod('web-3', { labels: { app: 'web' }, ports: { http: 80 } })
    await waitUntil('its port', async () => (await w.portAddresses('default_web-3')) !== '')
    await w.settled()
    // Port, switch, annotation, the Subnet's count, the group of all policed pods; subject, and subject by number.
    expect((engine?.stats.operations ?? 0) - before).toBeLessThanOrEqual(5 + 2)
  })

  it('costs a pod that others let in one element for each set that it is in', async () => {
    const { engine } = w.controller.session ?? {}
    await w.settled()
    const before = engine?.stats.operations ?? 0
    await w.addPod('client-2', { labels: { app: 'client' } })
    await waitUntil('its port', async () => (await w.portAddresses('default_client-2')) !== '')
    await w.settled()
    // Port, switch, annotation, the Subnet's count; and the set of clients.
    expect((engine?.stats.operations ?? 0) - before).toBeLessThanOrEqual(4 + 1)
  })

  it('says ranges, exceptions and egress in ways that OVN takes', async () => {
    await policy('client', {
      podSelector: client,
      policyTypes: ['Egress'],
      egress: [
        {
          to: [{ ipBlock: { cidr: '10.244.0.0/16', except: ['10.244.0.0/30'] } }, { podSelector: web }],
          ports: [{ port: 1000, endPort: 2000 }, { port: 80 }, { protocol: 'SCTP', port: 7 }, { port: 'http' }],
        },
      ],
    })
    await waitUntil('its rules', async () =>
      (await column('ACL', 'match')).some(match => match.includes('1000 <= tcp')),
    )
    await w.settled()
    expect(await passes('client', 'other', 'tcp && tcp.dst==1500')).toBe(true)
    expect(await passes('client', 'other', 'tcp && tcp.dst==2001')).toBe(false)
    expect(await passes('client', 'other', 'sctp && sctp.dst==7')).toBe(true)
    expect(await passes('client', 'web-2', 'tcp && tcp.dst==8080')).toBe(true)
    expect(await passes('client', 'other', 'tcp && tcp.dst==8080')).toBe(false)
    await dropPolicy('client')
    await waitUntil(
      'its rules to be gone',
      async () => !(await column('ACL', 'match')).some(match => match.includes('1000 <= tcp')),
    )
    expect(await passes('client', 'other', 'tcp && tcp.dst==2001')).toBe(true)
  })

  it('lets a node in to its own pods by what it comes with, and DHCP out', async () => {
    const matches = await column('ACL', 'match')
    expect(matches).toContain(
      'outport == @policed && ip4.src == {100.64.0.2, 192.168.0.11} && is_chassis_resident("node-n1")',
    )
    expect(matches).toContain('outport == @policed && ip4.src == 169.254.169.5')
    expect(matches).toContain('inport == @policed && ip4.dst == 255.255.255.255 && udp.src == 68 && udp.dst == 67')
  })

  it('tells what it decides as loudly as its namespace asks for', async () => {
    const annotate = (value: string | null) =>
      w.kube.client.mergePatch(
        resources.namespaces,
        { name: 'default' },
        { metadata: { annotations: { 'zstack.io/acl-logging': value } } },
      )
    const logged = async () => (await w.nbctl('--bare', '--columns=severity', 'find', 'ACL', 'log=true')).trim()
    await annotate('{"deny": "info", "allow": "louder"}')
    await waitUntil('a severity', async () => (await logged()) === 'info')
    expect(await w.nbctl('--bare', '--columns=name', 'find', 'ACL', 'log=true')).toContain('NetworkPolicy/default/web')
    await waitUntil('an Event', async () => {
      const { items } = await w.kube.client.list(resources.events, {})
      return items.some(({ reason, message = '' }) => reason === 'InvalidAnnotation' && message.includes('"louder"'))
    })
    await annotate(null)
    await waitUntil('silence', async () => (await logged()) === '')
  })

  it('is written nothing again after a restart', async () => {
    await w.settled()
    await w.counted()
    await w.stopController()
    const { session } = await w.startController()
    await w.settled()
    expect(session?.engine.stats).toMatchObject({ operations: 0, rejections: 0 })
    expect(session?.engine.stats.sweeps).toBeGreaterThan(0)
  })

  it('leaves nothing behind', async () => {
    // IPv4 alone: no Subnet has the other family.
    expect(await setsOfPolicies()).toHaveLength(1)
    await dropPolicy('web')
    await waitUntil('its groups to be gone', async () => (await groupsOfPolicies()).length === 0)
    await waitUntil('its sets to be gone', async () => (await setsOfPolicies()).length === 0)
    expect(await passes('other', 'web', 'tcp && tcp.dst==80')).toBe(true)
  })

  it('that went while nobody looked leaves nothing behind either', async () => {
    await policy('again', { podSelector: {}, ingress: [{ from: [{ podSelector: client }] }] })
    await waitUntil('its group', async () => (await groupsOfPolicies()).length === 1)
    await w.settled()
    await w.stopController()
    await dropPolicy('again')
    await w.startController()
    await waitUntil('its group to be gone', async () => (await groupsOfPolicies()).length === 0)
    await waitUntil('its sets to be gone', async () => (await setsOfPolicies()).length === 0)
    await waitUntil(
      'nobody to be policed',
      async () => (await w.nbctl('--bare', '--columns=ports', 'list', 'Port_Group')).trim() === '',
    )
  })
})
