import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../state/lock.ts'
import type { Progress } from '../state/progress.ts'
import { run } from '../state/run.ts'
import { cacheFolder, isExecutable } from './find.ts'

const suite = 'trixie'
const mirror = 'http://deb.debian.org/debian'
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
/** The daemon with every library it loads, its C library too: they are newer than this Debian's. */
const packages = [
  ...['openvswitch-switch', 'openvswitch-common', 'libc6', 'libssl3t64', 'libunbound8', 'libevent-2.1-7t64'],
  ...['libbpf1', 'libxdp1', 'libelf1t64', 'libcap-ng0', 'libnuma1', 'libzstd1', 'zlib1g'],
]

/**
 * The words that run ovs-vswitchd of the next Debian (3.5) on this one. Its userspace datapath follows connections without the fault of 3.1, which ends
 * on an assertion (conntrack.c, conn_update_state) when a client of a balanced UDP port asks again from the same port while endpoints come and go.
 */
export async function ensureNewerSwitch(progress: Progress): Promise<string[]> {
  const root = join(cacheFolder(), `openvswitch-${suite}`)
  await withLock('openvswitch', 600_000, async () => {
    if (!existsSync(root)) await progress.step(`Open vSwitch of Debian ${suite}`, () => unpack(root))
  })
  const words = [
    `${root}/usr/lib64/ld-linux-x86-64.so.2`,
    ...['--library-path', `${root}/usr/lib/x86_64-linux-gnu`],
    `${root}/usr/lib/openvswitch-switch/ovs-vswitchd`,
  ]
  for (const program of [words[0], words.at(-1)])
    if (program === undefined || !isExecutable(program))
      throw new Error(`expected ${program} in the packages of ${suite}`)
  return words
}

async function unpack(root: string): Promise<void> {
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
