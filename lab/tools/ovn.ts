import type { Progress } from '../state/progress.ts'
import type { LabRecord } from '../state/record.ts'
import { ensureRelease, type Release, trixie } from './debian.ts'

const programs = ['ovn-northd', 'ovn-controller', 'ovn-nbctl', 'ovn-sbctl', 'ovn-trace'] as const
export type OvnProgram = (typeof programs)[number]

/** OVN as a lab runs it. */
export interface Ovn {
  /** The words that run each of its programs. */
  readonly words: Readonly<Record<OvnProgram, readonly string[]>>
  /** The folder of its schemas. */
  readonly schemas: string
}

/** Of the next Debian (25.03), with tiers of ACLs. */
const newer: Release = {
  ...trixie,
  folder: 'ovn-trixie',
  packages: ['ovn-central', 'ovn-host', 'ovn-common', ...trixie.libraries],
}

const wordsBy = (words: (program: OvnProgram) => readonly string[]): Ovn['words'] => ({
  'ovn-northd': words('ovn-northd'),
  'ovn-controller': words('ovn-controller'),
  'ovn-nbctl': words('ovn-nbctl'),
  'ovn-sbctl': words('ovn-sbctl'),
  'ovn-trace': words('ovn-trace'),
})

/** This machine's OVN, or that of the next Debian. */
export async function ensureOvn(which: LabRecord['ovn'], progress: Progress): Promise<Ovn> {
  if (which === 'host') return { words: wordsBy(program => [`/usr/bin/${program}`]), schemas: '/usr/share/ovn' }
  const { root, words } = await ensureRelease(newer, progress)
  return { words: wordsBy(program => words(`usr/bin/${program}`)), schemas: `${root}/usr/share/ovn` }
}
