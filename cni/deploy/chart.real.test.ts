import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

interface Container {
  name: string
  command?: string[]
  env?: { name: string; value?: string }[]
  volumeMounts: { name: string; mountPath: string }[]
}

interface Rendered {
  kind: string
  metadata: { name: string; namespace?: string }
  spec: {
    replicas: number
    template: { spec: { hostNetwork: boolean; containers: Container[]; volumes: { name: string }[] } }
  }
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

  describe('with ovn.ssl.secret', () => {
    const secret = ['--set', 'ovn.ssl.secret=zstack-ovn-tls']
    const external = [
      ...['-f', path('helm/values-external.yaml'), '--set'],
      'ovn.nbdbAddress=ssl:192.0.2.9:6641,ovn.sbdbAddress=ssl:192.0.2.9:6642',
    ]
    const options = [
      '--private-key=/etc/ovn/ssl/tls.key',
      '--certificate=/etc/ovn/ssl/tls.crt',
      '--ca-cert=/etc/ovn/ssl/ca.crt',
    ]

    it.each([
      ['single', one, 'ssl:192.0.2.1:6641'],
      ['ha', three, 'ssl:192.0.2.1:6641,ssl:192.0.2.2:6641,ssl:[fd00::3]:6641'],
      ['external', external, 'ssl:192.0.2.9:6641'],
    ])('everybody who speaks to the databases has its files: %s', (_, args, nb) => {
      const all = objects(...args, ...secret)
      const { config } = configurationOf(all)
      expect(config.ovn).toMatchObject({ nbdbAddress: nb, ssl: { enabled: true, clientKey: '/etc/ovn/ssl/tls.key' } })
      const containers = all.flatMap(({ spec }) => spec?.template?.spec.containers ?? [])
      for (const { name, volumeMounts } of containers)
        expect({ name, mounts: volumeMounts.map(({ mountPath }) => mountPath) }).toMatchObject({
          mounts: expect.arrayContaining(['/etc/ovn/ssl']),
        })
      for (const { name, command = [], env = [] } of containers) {
        if (name === 'ovn-controller' || name === 'ovn-northd') expect(command).toEqual(expect.arrayContaining(options))
        if (name.endsWith('-db')) expect(env).toContainEqual({ name: 'OVN_TLS_OPTIONS', value: options.join(' ') })
      }
    })

    it.each([
      ['standalone/single', ['--set', 'ovn.standalone.addresses={CONTROL_PLANE_IP}']],
      ['standalone/ha', [...three.slice(0, 2), '--set', 'ovn.standalone.addresses={A,B,C}']],
      ['external', external],
    ])('is what the component tls adds to %s', (folder, args) => {
      const depth = folder.split('/').length
      const copy = mkdtempSync(join(scratch, 'kustomize-'))
      for (const name of ['yaml', 'standalone', 'external', 'tls'])
        cpSync(path(name), join(copy, name), { recursive: true })
      const file = join(copy, folder, 'kustomization.yaml')
      writeFileSync(file, `${readFileSync(file, 'utf8')}\ncomponents: [${'../'.repeat(depth)}tls]\n`)
      const { status, stdout, stderr } = spawnSync(findTool('kubectl'), ['kustomize', join(copy, folder)], {
        encoding: 'utf8',
      })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
      expect(speakers(objectsIn(stdout).filter(isRendered))).toEqual(speakers(objects(...args, ...secret)))
    })

    it('files of the nodes do as well: their folders are mounted', () => {
      const files = 'ovn.ssl.enabled=true,ovn.ssl.caCert=/etc/pki/ovn.crt'
      const node = objects(...one, '--set', files).find(({ kind }) => kind === 'DaemonSet')
      expect(node?.spec.template.spec.volumes).toEqual(
        expect.arrayContaining([
          { name: 'tls', hostPath: { path: '/etc/pki', type: 'Directory' } },
          { name: 'tls-1', hostPath: { path: '/etc/ovn/ssl', type: 'Directory' } },
        ]),
      )
    })
  })

  it.each([
    [['--set', 'ovn.mode=elsewhere', ...one], 'ovn/mode'],
    [['--set', 'tunel.type=vxlan', ...one], 'tunel'],
    [['--set', 'network.mtuu=1400', ...one], 'mtuu'],
    [[], 'ovn.standalone.addresses: expected the InternalIPs'],
    [['--set', 'ovn.standalone.haMode=ha', ...one], '3 with haMode ha; got 1'],
    [['--set', 'ovn.mode=external'], 'ovn.nbdbAddress, ovn.sbdbAddress: expected'],
    [['--set', 'ovn.standalone.nbdb.storage.enabled=true', ...one], 'expected false'],
    [
      [
        ...['--set', 'ovn.mode=external,ovn.ssl.secret=s'],
        ...['--set', 'ovn.nbdbAddress=tcp:192.0.2.9:6641,ovn.sbdbAddress=tcp:192.0.2.9:6642'],
      ],
      'expected ssl: addresses with ovn.ssl.secret; got tcp:192.0.2.9:6641',
    ],
  ])('refuses %j and says why', (args, message) => {
    const { status, stderr } = template(...args)
    expect(status).toBe(1)
    expect(stderr).toContain(message)
  })
})

/** What of the containers and volumes has to do with TLS or must not be lost by it. */
function speakers(all: readonly Rendered[]) {
  const pods = all.filter(({ spec }) => spec?.template !== undefined)
  return pods
    .map(({ kind, metadata, spec }) => ({
      name: `${kind}/${metadata.name}`,
      volumes: spec.template.spec.volumes.toSorted((a, b) => a.name.localeCompare(b.name)),
      containers: spec.template.spec.containers.map(({ name, command, env, volumeMounts }) => ({
        ...{ name, command, env },
        mounts: volumeMounts.map(({ mountPath }) => mountPath).sort(),
      })),
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name))
}

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
