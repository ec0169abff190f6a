import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Tools } from '../ensure.ts'
import type { ImageRecipe } from './archive.ts'
import { giveCertificate } from './certificate.ts'
import { compilePause } from './pause.ts'
import { copyInto, copyProgram, installBusybox, skeleton, useBash } from './rootfs.ts'

export interface Recipe extends ImageRecipe {
  readonly file: string
  /** Programs of the tools that are inside: a new version of one makes a new image. */
  readonly tools: readonly string[]
  fill(root: string, tools: Tools): Promise<void>
}

export const sandboxImage = 'registry.k8s.io/pause:3.10.2'
export const agnhostImage = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0'
export const corednsImage = 'registry.k8s.io/coredns/coredns:v1.15.0'

const shell = 'root:x:0:0:root:/:/bin/sh\n'

/** The tests mean busybox's wget, which tries once and takes IPv6 addresses without brackets. */
const wgetLikeBusybox = `#!/bin/sh
last="\${@: -1}"
case $last in *[!0-9a-f:]*) ;; *:*:*) set -- "\${@:1:$#-1}" "http://[$last]" ;; esac
exec /usr/bin/wget --tries=1 "$@"
`

/** agnhost with the programs that the e2e tests call in it. */
async function fillAgnhost(root: string, tools: Tools): Promise<void> {
  skeleton(root)
  copyInto(root, tools.path('agnhost'), '/agnhost')
  await installBusybox(root)
  // busybox has an nc and an ip as well, but not every option of those that are meant, and its wget, static as it is, does not bear the others' C library beside it;
  // its shell would take its own nevertheless.
  await useBash(root)
  for (const program of ['curl', 'wget', 'dig', 'nc', 'ip', 'ss', 'getent', 'conntrack'])
    await copyProgram(root, program)
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true })
  writeFileSync(join(root, 'usr/local/bin/wget'), wgetLikeBusybox, { mode: 0o755 })
  await giveCertificate(root, 'localhost', ['localhost', '127.0.0.1', '::1'])
  writeFileSync(join(root, 'etc/passwd'), shell)
}

/** What every lab with kubelets has. */
export const usualRecipes: readonly Recipe[] = [
  {
    name: sandboxImage,
    file: 'pause',
    entrypoint: ['/pause'],
    tools: [],
    fill: async root => compilePause(join(root, 'pause')),
  },
  {
    name: agnhostImage,
    file: 'agnhost',
    entrypoint: ['/agnhost'],
    command: ['pause'],
    tools: ['agnhost'],
    fill: fillAgnhost,
  },
  {
    name: corednsImage,
    file: 'coredns',
    entrypoint: ['/coredns'],
    tools: ['coredns'],
    async fill(root, tools) {
      skeleton(root)
      copyInto(root, tools.path('coredns'), '/coredns')
    },
  },
]

const suite = 'registry.k8s.io/e2e-test-images'

/** What the conformance suite runs beside them, under the names that it asks for (`e2e.test --list-images`). */
const suiteRecipes: readonly Recipe[] = [
  {
    name: agnhostImage,
    file: 'agnhost-with-coredns',
    entrypoint: ['/agnhost'],
    command: ['pause'],
    tools: ['agnhost', 'coredns'],
    async fill(root, tools) {
      await fillAgnhost(root, tools)
      copyInto(root, tools.path('coredns'), '/coredns')
      symlinkSync('agnhost', join(root, 'agnhost-2'))
    },
  },
  {
    name: `${suite}/busybox:1.37.0-1`,
    file: 'busybox',
    entrypoint: [],
    command: ['sh'],
    tools: [],
    async fill(root) {
      skeleton(root)
      await installBusybox(root)
      writeFileSync(join(root, 'etc/passwd'), shell)
    },
  },
  {
    // The network's tests ask of it only that it runs; busybox answers on its port.
    name: `${suite}/nginx:1.15-4`,
    file: 'nginx',
    entrypoint: ['/bin/httpd', '-f', '-p', '80', '-h', '/www'],
    tools: [],
    async fill(root) {
      skeleton(root)
      await installBusybox(root)
      mkdirSync(join(root, 'www'))
      writeFileSync(join(root, 'www/index.html'), 'welcome\n')
    },
  },
  {
    // Resolution by glibc: this machine's own.
    name: `${suite}/glibc-dns-testing:2.0.0`,
    file: 'glibc-dns-testing',
    entrypoint: [],
    command: ['sh'],
    tools: [],
    async fill(root) {
      skeleton(root)
      await installBusybox(root)
      await useBash(root)
      for (const program of ['dig', 'getent', 'hostname']) await copyProgram(root, program)
      writeFileSync(join(root, 'etc/passwd'), shell)
      writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n')
    },
  },
  {
    name: `${suite}/regression-issue-74839:1.4`,
    file: 'regression-issue-74839',
    entrypoint: ['/regression-issue-74839'],
    tools: ['regression-issue-74839'],
    async fill(root, tools) {
      skeleton(root)
      copyInto(root, tools.path('regression-issue-74839'), '/regression-issue-74839')
    },
  },
]

/** agnhost under the name that the suite of the network policy API has for it. Its servers of SCTP wait for better kernels where this one has none, instead of ending. */
const policySuiteAgnhost: Recipe = {
  name: `${suite}/agnhost:2.45`,
  file: 'agnhost-for-policies',
  entrypoint: ['/agnhost'],
  command: ['pause'],
  tools: ['agnhost'],
  async fill(root, tools) {
    skeleton(root)
    copyInto(root, tools.path('agnhost'), '/bin/agnhost')
    await installBusybox(root)
    await useBash(root)
    symlinkSync('/usr/bin/bash', join(root, 'bin/bash'))
    writeFileSync(join(root, 'agnhost'), agnhostWithoutSctp, { mode: 0o755 })
    writeFileSync(join(root, 'etc/passwd'), shell)
  },
}

const agnhostWithoutSctp = `#!/bin/bash
[ "$1" = porter ] && ! grep -q ^SCTP /proc/net/protocols && exec /bin/agnhost pause
exec /bin/agnhost "$@"
`

/** The usual ones, and what the suite of the network policy API asks for. */
export const policyRecipes: readonly Recipe[] = [...usualRecipes, policySuiteAgnhost]

/** The usual ones without those that the suite has in another form, and the suite's. */
export const conformanceRecipes: readonly Recipe[] = [
  ...usualRecipes.filter(({ name }) => !suiteRecipes.some(other => other.name === name)),
  ...suiteRecipes,
]
