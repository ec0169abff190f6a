import { removeFolder } from './lab.ts'
import { removeCgroup } from './machine/cgroup.ts'
import { removeUplink } from './machine/fabric.ts'
import { halt, machineAt } from './machine/machine.ts'
import { isAlive } from './state/identity.ts'
import { planOf } from './state/plan.ts'
import { labFolder, labNames, loadClaim, loadRecord } from './state/record.ts'
import { waitFor } from './state/wait.ts'

/**
 * Ends a lab and removes all of its traces, whatever state it is in. Everything that ran in it is in namespaces whose init
 * is ended by its own pid; links and mounts go with the namespaces.
 */
export async function removeLab(name: string): Promise<void> {
  const record = loadRecord(name)
  const folder = labFolder(name)
  if (record !== undefined) {
    // Nodes first: their ends of the wires go with them.
    await Promise.all(record.nodes.map(node => halt(machineAt(folder, node))))
    await Promise.all(['client', 'control'].map(name => halt(machineAt(folder, name))))
    const { cgroup, uplink } = planOf(record)
    // The kernel takes namespaces apart some time after their last process; the next lab may want the same link at once.
    await removeUplink(machineAt(folder, 'control'), uplink)
    // The kernel takes a moment to count the last process out of its group.
    await waitFor(() => emptied(cgroup), { what: `the end of the control group ${cgroup}`, within: 30_000 })
  }
  removeFolder(folder)
}

function emptied(cgroup: string): boolean {
  removeCgroup(cgroup)
  return true
}

/** Removes those of the named labs (default: all) whose owner is gone: what a crashed test left. Returns their names. */
export async function removeOrphans(names: readonly string[] = labNames()): Promise<string[]> {
  const orphans = names.filter(name => {
    const owner = loadClaim(name)?.owner
    return owner !== undefined && !isAlive(owner)
  })
  for (const name of orphans) await removeLab(name)
  return orphans
}
