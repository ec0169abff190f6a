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

/** Packages of a Debian, unpacked into the cache and run from there beside those of this one. */
export interface Release {
  readonly suite: string
  /** Names the folder in the cache. */
  readonly folder: string
  readonly packages: readonly string[]
  /** Links to make inside, name -> target: a daemon names its sockets after itself. */
  readonly links?: Readonly<Record<string, string>>
  /** The dynamic linker that runs its programs, inside; this Debian's where that is new enough. */
  readonly linker?: string
}

/** Of the next Debian: the C library with its linker, and what Open vSwitch's library loads; all newer than this Debian's. */
export const trixie = {
  suite: 'trixie',
  linker: 'usr/lib64/ld-linux-x86-64.so.2',
  libraries: [
    ...['libc6', 'libssl3t64', 'libunbound8', 'libevent-2.1-7t64'],
    ...['libbpf1', 'libxdp1', 'libelf1t64', 'libcap-ng0', 'libnuma1', 'libzstd1', 'zlib1g'],
  ],
} as const

/** A release in the cache. */
export interface Unpacked {
  readonly root: string
  /** The words that run one of its programs, named by its path inside. Throws when it is not there. */
  words(program: string): string[]
}

export async function ensureRelease(release: Release, progress: Progress): Promise<Unpacked> {
  const root = join(cacheFolder(), release.folder)
  await withLock('openvswitch', 600_000, async () => {
    if (!existsSync(root))
      await progress.step(`${release.packages[0]} of Debian ${release.suite}`, () => unpack(root, release))
  })
  return { root, words: program => wordsOf(root, release, program) }
}

function wordsOf(root: string, { linker, suite }: Release, program: string): string[] {
  const words = [
    linker === undefined ? '/lib64/ld-linux-x86-64.so.2' : `${root}/${linker}`,
    ...['--library-path', `${root}/usr/lib/x86_64-linux-gnu`],
    `${root}/${program}`,
  ]
  for (const file of [words[0], words.at(-1)])
    if (file === undefined || !isExecutable(file)) throw new Error(`expected ${file} in the packages of ${suite}`)
  return words
}

async function unpack(root: string, { suite, packages, links = {} }: Release): Promise<void> {
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
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(work, 'root', name))
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
