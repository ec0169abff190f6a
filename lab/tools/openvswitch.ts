import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../state/lock.ts'
import type { Progress } from '../state/progress.ts'
import { run } from '../state/run.ts'
import { cacheFolder, isExecutable } from './find.ts'

const mirror = 'http://deb.debian.org/debian'
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

interface Release {
  readonly suite: string
  /** Names the folder in the cache. */
  readonly folder: string
  readonly packages: readonly string[]
  /** The daemon, inside. */
  readonly program: string
  /** Its name in the package, where that is another: a daemon names its sockets after itself. */
  readonly packed?: string
  /** The dynamic linker that runs it, inside; this Debian's where that is new enough. */
  readonly linker?: string
}

/** Of the next Debian (3.5), with every library it loads, its C library too: they are newer than this Debian's. */
const newer: Release = {
  suite: 'trixie',
  folder: 'openvswitch-trixie',
  packages: [
    ...['openvswitch-switch', 'openvswitch-common', 'libc6', 'libssl3t64', 'libunbound8', 'libevent-2.1-7t64'],
    ...['libbpf1', 'libxdp1', 'libelf1t64', 'libcap-ng0', 'libnuma1', 'libzstd1', 'zlib1g'],
  ],
  program: 'usr/lib/openvswitch-switch/ovs-vswitchd',
  linker: 'usr/lib64/ld-linux-x86-64.so.2',
}

const dpdkLibraries = [
  'kvargs',
  'telemetry',
  'eal',
  'ring',
  'mempool',
  'mbuf',
  'net',
  'meter',
  'ethdev',
  'vhost',
  'cryptodev',
]
const dpdkFurther = ['hash', 'rcu', 'pci', 'dmadev']

/** Of this Debian (3.1), built with DPDK, and what that loads. */
const withDpdk: Release = {
  suite: 'bookworm',
  folder: 'openvswitch-dpdk',
  packages: [
    ...['openvswitch-switch-dpdk', 'libpcap0.8', 'libibverbs1', 'ibverbs-providers', 'libnuma1'],
    ...[...dpdkLibraries, ...dpdkFurther].map(name => `librte-${name}23`),
  ],
  program: 'usr/lib/openvswitch-switch-dpdk/ovs-vswitchd',
  packed: 'ovs-vswitchd-dpdk',
}

/**
 * The words that run ovs-vswitchd of the next Debian (3.5) on this one. Its userspace datapath follows connections without the fault of 3.1, which ends
 * on an assertion (conntrack.c, conn_update_state) when a client of a balanced UDP port asks again from the same port while endpoints come and go.
 */
export const ensureNewerSwitch = (progress: Progress): Promise<string[]> => ensureRelease(newer, progress)

/** The words that run an ovs-vswitchd with DPDK. */
export const ensureDpdkSwitch = (progress: Progress): Promise<string[]> => ensureRelease(withDpdk, progress)

async function ensureRelease(release: Release, progress: Progress): Promise<string[]> {
  const root = join(cacheFolder(), release.folder)
  await withLock('openvswitch', 600_000, async () => {
    if (!existsSync(root)) await progress.step(`Open vSwitch of Debian ${release.suite}`, () => unpack(root, release))
  })
  const words = [
    release.linker === undefined ? '/lib64/ld-linux-x86-64.so.2' : `${root}/${release.linker}`,
    ...['--library-path', `${root}/usr/lib/x86_64-linux-gnu`],
    `${root}/${release.program}`,
  ]
  for (const program of [words[0], words.at(-1)])
    if (program === undefined || !isExecutable(program))
      throw new Error(`expected ${program} in the packages of ${release.suite}`)
  return words
}

async function unpack(root: string, { suite, packages, program, packed }: Release): Promise<void> {
  mkdirSync(join(root, '..'), { recursive: true })
  const work = mkdtempSync(`${root}.new-`)
  try {
    for (const folder of ['lists/partial', 'cache/archives/partial', 'debs', 'root'])
      mkdirSync(join(work, folder), { recursive: true })
    writeFileSync(join(work, 'sources.list'), `deb [signed-by=${keyring}] ${mirror} ${suite} main\n`)
    const apt = ['apt-get', ...aptOptions(work)]
    await run([...apt, 'update'])
    await run([...apt, 'download', ...packages], { cwd: join(work, 'debs') })
    for (const name of readdirSync(join(work, 'debs')))
      await run(['dpkg', '-x', join(work, 'debs', name), join(work, 'root')])
    if (packed !== undefined) symlinkSync(packed, join(work, 'root', program))
    renameSync(join(work, 'root'), root)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Lists and downloads of their own: this machine's stay as they are. */
const aptOptions = (work: string) =>
  [
    `Dir::Etc::sourcelist=${work}/sources.list`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${work}/lists`,
    `Dir::Cache=${work}/cache`,
    'Dir::State::status=/dev/null',
    'APT::Sandbox::User=root',
  ].flatMap(option => ['-o', option])
