import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Config, paths, programs } from '@ovnkit/cni-api'
import { installAtomically, writeAtomically } from './atomic.ts'

type CniFiles = Config['cni']

/**
 * The network configuration. Runtimes that know `cniVersions` take the newest version that they speak, and so have
 * STATUS and GC; older ones take `cniVersion` (CNI specification 1.1.0, section 1).
 */
export function conflistText({ socketPath }: Pick<CniFiles, 'socketPath'>): string {
  const socket = socketPath === paths.cniSocket ? {} : { serverSocket: socketPath }
  const plugins = [{ type: programs.plugin, ...socket }]
  const list = { cniVersion: '1.0.0', cniVersions: ['1.0.0', '1.1.0'], name: 'zstack-ovn-kubernetes', plugins }
  return `${JSON.stringify(list, undefined, 2)}\n`
}

/** Path of the file that tells the plugin that the agent could serve once since boot. */
function initializedFile({ socketPath }: Pick<CniFiles, 'socketPath'>): string {
  return join(dirname(socketPath), 'initialized')
}

/** Whether pods could be served at least once since boot. */
export function wasInitialized(files: Pick<CniFiles, 'socketPath'>): boolean {
  return existsSync(initializedFile(files))
}

/** The agent is there: the plugin's mark of its absence goes. */
export function announcePresence({ socketPath }: Pick<CniFiles, 'socketPath'>): void {
  rmSync(join(dirname(socketPath), 'agent-away'), { force: true })
}

/**
 * Pods can be served: put the plugin and then the network configuration where the runtime finds them. Both stay when
 * the agent goes: a node that becomes NotReady loses its Services' traffic at once.
 */
export function installCni(files: CniFiles, plugin: string): void {
  mkdirSync(dirname(files.socketPath), { recursive: true, mode: 0o700 })
  writeFileSync(initializedFile(files), '')
  if (files.binDir !== '' && existsSync(plugin)) installAtomically(plugin, join(files.binDir, programs.plugin))
  writeAtomically(join(files.confDir, files.confFile), conflistText(files))
}
