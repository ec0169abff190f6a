import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { isApiError, resources } from '@ovnkit/kube'
import { type ControlPlane, findTool, startControlPlane } from '@ovnkit/kube/testing'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type Subnet, type SubnetSpec, subnetCrdYaml, subnets } from './index.ts'

let plane: ControlPlane
beforeAll(async () => {
  plane = await startControlPlane()
})
afterAll(() => plane?.stop())

let count = 0
async function create(spec: SubnetSpec): Promise<Subnet> {
  return plane.client.create(subnets, { metadata: { name: `s${count++}` }, spec })
}

async function refusal(spec: SubnetSpec): Promise<string> {
  try {
    await create(spec)
  } catch (error) {
    if (isApiError(error, 'invalid')) return error.message
    throw error
  }
  return 'accepted'
}

const overlay = { cidr: '10.244.0.0/16', gateway: '10.244.0.1' }
const six = { cidr: 'fd00:10::/64', gateway: 'fd00:10::1', protocol: 'IPv6' } as const
const dual = { cidr: '10.244.0.0/16,fd00:10::/64', gateway: '10.244.0.1,fd00:10::1', protocol: 'Dual' } as const

const accepted: Record<string, SubnetSpec> = {
  'the example of the README': { ...overlay, excludeIPs: ['10.244.0.1'] },
  'the example of the guide': { ...overlay, excludeIPs: ['10.244.0.1', '10.244.0.2-10.244.0.10'], protocol: 'IPv4' },
  underlay: { cidr: '192.168.100.0/24', gateway: '192.168.100.1', vlanID: 100, provider: 'provider-net1' },
  external: { cidr: '10.100.0.0/24', gateway: '10.100.0.1', externalLogicalSwitch: 'ls-zstack-vpc-subnet-uuid' },
  IPv6: six,
  'both families': { ...dual, excludeIPs: ['10.244.3.0-10.244.3.255', 'fd00:10::5-fd00:10::9'] },
  'both families the other way round': {
    cidr: 'fd00:10::/64,10.244.0.0/16',
    gateway: '10.244.0.1,fd00:10::1',
    protocol: 'Dual',
  },
  'the fields that the documents forgot': { ...overlay, default: true, namespaces: ['a', 'b'], enableDHCP: true },
  'a range that ends at the last address': {
    cidr: '255.0.0.0/8',
    gateway: '255.0.0.1',
    excludeIPs: ['255.255.255.255'],
  },
}

const refused: Record<string, readonly [SubnetSpec, RegExp]> = {
  'no network': [{ ...overlay, cidr: '10.244.0.0' }, /spec.cidr/],
  'an octet too large': [{ ...overlay, cidr: '10.256.0.0/16' }, /spec.cidr/],
  'a prefix too long': [{ ...overlay, cidr: '10.244.0.0/33' }, /spec.cidr/],
  'two networks of one family': [{ cidr: '10.0.0.0/16,10.1.0.0/16', gateway: '10.0.0.1' }, /spec.cidr/],
  'bits behind the prefix': [{ ...overlay, cidr: '10.244.0.5/16' }, /without bits behind the prefix/],
  'a gateway outside': [{ ...overlay, gateway: '10.245.0.1' }, /gateway must lie inside cidr/],
  'a gateway of the other family': [{ ...overlay, gateway: 'fd00::1' }, /gateway must have one address for each CIDR/],
  'one gateway for two networks': [{ ...dual, gateway: '10.244.0.1' }, /gateway must have one address for each CIDR/],
  'a protocol that is not the family': [{ ...overlay, protocol: 'IPv6' }, /protocol must say the families/],
  'IPv6 without saying so': [{ cidr: six.cidr, gateway: six.gateway }, /protocol must say the families/],
  'a pair that is not Dual': [{ ...dual, protocol: 'IPv4' }, /protocol must say the families/],
  'a VLAN without provider': [{ ...overlay, vlanID: 5 }, /vlanID needs provider/],
  'a VLAN out of range': [{ ...overlay, vlanID: 4095, provider: 'p' }, /spec.vlanID/],
  'an external switch with a VLAN': [
    { ...overlay, externalLogicalSwitch: 'x', vlanID: 5, provider: 'p' },
    /externalLogicalSwitch excludes/,
  ],
  'an exclude that is a network': [{ ...overlay, excludeIPs: ['10.244.1.0/24'] }, /spec.excludeIPs\[0\]/],
  'a reversed exclude': [{ ...overlay, excludeIPs: ['10.244.0.9-10.244.0.2'] }, /must not end before it starts/],
  'a foreign exclude': [{ ...overlay, excludeIPs: ['10.245.0.9'] }, /excludeIPs must lie inside cidr/],
  'a half foreign exclude': [
    { ...overlay, excludeIPs: ['10.244.255.0-10.245.0.9'] },
    /excludeIPs must lie inside cidr/,
  ],
}

const refusedWithIpFunctions: typeof refused = {
  'an IPv6 gateway outside': [{ ...six, gateway: 'fd00:11::1' }, /gateway must lie inside cidr/],
  'IPv6 bits behind the prefix': [{ ...six, cidr: 'fd00:10::1/64' }, /without bits behind the prefix/],
  'a foreign IPv6 exclude': [{ ...six, excludeIPs: ['fd00:11::5'] }, /excludeIPs must lie inside cidr/],
  'colons that are no address': [{ ...six, cidr: '1:::2/64' }, /spec/],
}

describe.each([
  ['for every server from 1.25 on', false, refused],
  ['with the IP functions of 1.31', true, { ...refused, ...refusedWithIpFunctions }],
] as const)('the Subnet CRD %s', (_, ipFunctions, bad) => {
  beforeAll(async () => {
    const crd = parse(subnetCrdYaml({ ipFunctions }))
    await plane.client.apply(resources.customResourceDefinitions, crd, { fieldManager: 'test', force: true })
    await waitUntil('the API server validates by the CRD just applied', async () => {
      const text = await refusal({ ...overlay, gateway: '10.245.0.1' }).catch(() => '')
      const other = await refusal({ ...six, gateway: 'fd00:11::1' }).catch(() => '')
      return text.includes('inside cidr') && other.includes('inside cidr') === ipFunctions
    })
  })

  it.each(Object.entries(accepted))('takes %s', async (_name, spec) => {
    expect((await create(spec)).spec).toEqual({ protocol: 'IPv4', ...spec })
  })

  it.each(Object.entries(bad))('refuses %s', async (_name, [spec, message]) => {
    expect(await refusal(spec)).toMatch(message)
  })

  it('lets cidr never change, and everything else', async () => {
    const { metadata } = await create(overlay)
    const name = { name: metadata?.name ?? '' }
    await plane.client.mergePatch(subnets, name, { spec: { excludeIPs: ['10.244.0.7'] } })
    await expect(plane.client.mergePatch(subnets, name, { spec: { cidr: '10.244.0.0/17' } })).rejects.toThrow(
      /cidr never changes/,
    )
  })

  it('keeps every field of the status, which only the subresource writes', async () => {
    const { metadata } = await create(overlay)
    const name = { name: metadata?.name ?? '' }
    const status = {
      phase: 'Active',
      reason: 'Ready',
      message: 'in use',
      availableIPs: 65_000,
      usedIPs: 3,
      logicalSwitch: 'subnet-a',
      interconnectIP: '10.244.0.9',
      lastUpdateTime: '2026-11-21T10:00:00Z',
      conditions: [
        { type: 'Ready', status: 'True', reason: 'Ready', message: '', lastTransitionTime: '2026-11-21T10:00:00Z' },
      ],
    }
    expect((await plane.client.patchStatus(subnets, name, status)).status).toEqual(status)
    const plain = await plane.client.mergePatch(subnets, name, { status: { phase: 'Failed' } })
    expect(plain.status?.phase).toBe('Active')
  })
})

it('prints the documented columns under the short name sn', async () => {
  const kubectl = findTool('kubectl')
  const { stdout } = await promisify(execFile)(kubectl, ['--kubeconfig', plane.kubeconfig, 'get', 'sn'])
  expect(stdout.split('\n')[0]).toMatch(/^NAME +CIDR +GATEWAY +PHASE +AVAILABLE +USED +AGE$/)
})
