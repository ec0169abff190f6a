import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = '/sys/fs/cgroup'

/** Whether this host has the old control groups (one hierarchy per controller). */
export const isCgroupV1 = () => !existsSync(`${root}/cgroup.controllers`)

const hierarchies = () => (isCgroupV1() ? readdirSync(root).map(name => join(root, name)) : [root])

/** Makes the group `path` in every hierarchy, fit for kubelet's `cgroupRoot`. */
export function makeCgroup(path: string): void {
  for (const hierarchy of hierarchies()) {
    let folder = hierarchy
    for (const part of path.split('/')) {
      folder = join(folder, part)
      mkdirSync(folder, { recursive: true })
      inheritCpus(folder)
      delegate(join(folder, '..'))
    }
    delegate(folder)
  }
}

/** v1: a new cpuset has no CPUs and no memory nodes, and takes no process before it has. */
function inheritCpus(folder: string): void {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const parent = join(folder, '..', file)
    if (isCgroupV1() && existsSync(parent) && existsSync(join(folder, file)))
      writeFileSync(join(folder, file), readFileSync(parent))
  }
}

/** v2: children have the controllers that their parent hands down. */
function delegate(folder: string): void {
  const available = join(folder, 'cgroup.controllers')
  if (!existsSync(available)) return
  for (const controller of readFileSync(available, 'utf8').trim().split(' ').filter(Boolean)) {
    try {
      writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`)
    } catch {
      // A controller that can't be handed down (cpu with realtime tasks) is one that kubelet will name if it needs it.
    }
  }
}

/** Removes a group with everything below it; its processes must be gone. */
export function removeCgroup(path: string): void {
  for (const hierarchy of hierarchies()) removeTree(join(hierarchy, path))
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(folder, entry.name))
  rmdirSync(folder)
}
