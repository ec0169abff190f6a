import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '@ovnkit/cni-api'
import { findTool } from '@ovnkit/kube/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { objectsIn, renderedFiles } from './generate.ts'

const helm = findTool('helm')
const path = (file: string) => new URL(file, import.meta.url).pathname
const scratch = mkdtempSync(join(tmpdir(), 'ovnkit-chart-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(helm, args, { encoding: 'utf8' })
  return { status, stdout, stderr }
}
const template = (...args: string[]) =>
  run('template', 'zstack-ovn-kubernetes', path('helm'), '-n', 'kube-system', ...args)
const one = ['--set', 'ovn.standalone.addresses={192.0.2.1}']
const three = [
  ...['-f', path('helm/values-standalone-ha.yaml')],
  ...['--set', 'ovn.standalone.addresses={192.0.2.1,192.0.2.2,fd00::3}'],
]

interface Rendered {
  kind: string
  metadata: { name: string; namespace?: string }
  spec: { replicas: number; template: { spec: { hostNetwork: boolean } } }
  data: Record<string, string>
}

const isRendered = (one: unknown): one is Rendered => typeof one === 'object' && one !== null && 'kind' in one

/** The keys at the top of a text. */
const keysOf = (text: string) => objectsIn(text).flatMap(one => Object.keys(one ?? {}))

function objects(...args: string[]): Rendered[] {
  const { status, stdout, stderr } = template(...args)
  if (status !== 0) throw new Error(stderr)
  return objectsIn(stdout).filter(isRendered)
}

/** What the programs make of the configuration of a rendering. */
function configurationOf(all: readonly Rendered[]) {
  const data = all.find(({ kind }) => kind === 'ConfigMap')?.data ?? {}
  const file = join(scratch, 'config.yaml')
  writeFileSync(file, data['config.yaml'] ?? '')
  return { data, config: readConfig({ file, env: {} }) }
}

describe('the manifests', () => {
  it.each(Object.entries(renderedFiles(helm)))(
    '%s is the chart’s output: node cni/deploy/generate.ts',
    (file, text) => {
      expect(readFileSync(path(file), 'utf8')).toBe(text)
    },
  )
})

describe('helm', () => {
  it('finds nothing wrong with the chart', () => {
    expect(run('lint', '--strict', path('helm'), ...one)).toMatchObject({ status: 0 })
  })

  it('renders values-standalone.yaml and values-standalone-ha.yaml', () => {
    const names = (all: readonly Rendered[]) =>
      all
        .filter(({ spec }) => spec?.template)
        .map(({ kind, metadata, spec }) => `${kind} ${metadata.name} ${spec.replicas}`)
    const values = ['-f', path('helm/values-standalone.yaml')]
    expect(names(objects(...values, ...one)).sort()).toEqual([
      'DaemonSet zstack-ovnkube-node undefined',
      'Deployment ovn-nb-db 1',
      'Deployment ovn-northd 1',
      'Deployment ovn-sb-db 1',
      'Deployment zstack-ovnkube-controller 1',
    ])
    const ha = objects(...three)
    expect(names(ha).sort()).toEqual([
      'DaemonSet zstack-ovnkube-node undefined',
      'Deployment ovn-northd 2',
      'Deployment zstack-ovnkube-controller 1',
      'StatefulSet ovn-nb-db 3',
      'StatefulSet ovn-sb-db 3',
    ])
    const { data, config } = configurationOf(ha)
    expect(config.ovn.nbdbAddress).toBe('tcp:192.0.2.1:6641,tcp:192.0.2.2:6641,tcp:[fd00::3]:6641')
    expect(data.OVN_DB_ADDRESSES).toBe('192.0.2.1,192.0.2.2,fd00::3')
    expect(ha.every(({ spec }) => spec?.template === undefined || spec.template.spec.hostNetwork)).toBe(true)
  })

  it('renders values-external.yaml, without databases', () => {
    const addresses = 'ovn.nbdbAddress=tcp:192.0.2.9:6641,ovn.sbdbAddress=tcp:192.0.2.9:6642'
    const all = objects('-f', path('helm/values-external.yaml'), '--set', addresses)
    expect(all.filter(({ metadata }) => metadata.name.startsWith('ovn-'))).toEqual([])
    expect(configurationOf(all).config).toMatchObject({ ovn: { mode: 'external', sbdbAddress: 'tcp:192.0.2.9:6642' } })
  })

  it('renders values-gateway-shared.yaml beside another one', () => {
    const all = objects(...one, '-f', path('helm/values-gateway-shared.yaml'))
    expect(configurationOf(all).config.gateway).toMatchObject({ mode: 'shared', interface: 'eth0' })
  })

  it('puts everything into the namespace of the release', () => {
    const all = objects(...one, '-n', 'network')
    expect(new Set(all.flatMap(({ metadata }) => metadata.namespace ?? []))).toEqual(new Set(['network']))
  })

  it('passes on any key of the configuration', () => {
    const all = objects(...one, '--set', 'service.kubeProxyReplacement=false,tunnel.type=geneve,tunnel.port=6099')
    expect(configurationOf(all).config).toMatchObject({
      service: { kubeProxyReplacement: false },
      tunnel: { type: 'geneve', port: 6099 },
    })
  })

  it('takes the whole tree of values that is documented', () => {
    const file = join(scratch, 'values.yaml')
    writeFileSync(file, documented)
    expect(template('-f', file, ...one).stderr).toBe('')
    const all = objects('-f', file, ...one)
    expect(configurationOf(all).config).toMatchObject({ tunnel: { port: 4789 }, network: { nodeSubnetSize: 24 } })
    expect(keysOf(readFileSync(path('helm/values.yaml'), 'utf8'))).toEqual(expect.arrayContaining(keysOf(documented)))
  })

  it.each([
    [['--set', 'ovn.mode=elsewhere', ...one], 'ovn/mode'],
    [['--set', 'tunel.type=vxlan', ...one], 'tunel'],
    [['--set', 'network.mtuu=1400', ...one], 'mtuu'],
    [[], 'ovn.standalone.addresses: expected the InternalIPs'],
    [['--set', 'ovn.standalone.haMode=ha', ...one], '3 with haMode ha; got 1'],
    [['--set', 'ovn.mode=external'], 'ovn.nbdbAddress, ovn.sbdbAddress: expected'],
    [['--set', 'ovn.standalone.nbdb.storage.enabled=true', ...one], 'expected false'],
  ])('refuses %j and says why', (args, message) => {
    const { status, stderr } = template(...args)
    expect(status).toBe(1)
    expect(stderr).toContain(message)
  })
})

/** As the technical guide writes it. */
const documented = `
ovn:
  mode: standalone
  nbdbAddress: ""
  sbdbAddress: ""
  ssl: { enabled: false, caCert: "", clientCert: "", clientKey: "" }
  standalone:
    haMode: single
    image: { repository: ghcr.io/ovn-org/ovn-kubernetes/ovn-kube-ubuntu, tag: master }
    nbdb: { replicas: 1, storage: { enabled: false, size: 1Gi } }
    sbdb: { replicas: 1, storage: { enabled: false, size: 1Gi } }
    northd: { replicas: 1 }
network: { clusterCIDR: "10.244.0.0/16", serviceCIDR: "10.96.0.0/16", nodeSubnetSize: 24, mtu: 0 }
gateway: { mode: local, interface: "" }
tunnel: { type: vxlan, port: 4789 }
dpdk: { enabled: false, socketDir: "/var/run/openvswitch" }
controller:
  replicas: 1
  image: { repository: ghcr.io/jiayi-1994/zstack-ovnkube-controller, tag: "0.1.0" }
  resources: { limits: { cpu: 500m, memory: 512Mi } }
node:
  image: { repository: ghcr.io/jiayi-1994/zstack-ovnkube-node, tag: "0.1.0" }
  resources: { limits: { cpu: 500m, memory: 512Mi } }
logging: { level: info, format: json }
`
