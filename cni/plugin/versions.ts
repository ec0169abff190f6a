import { type CniResult, cniErrors } from '@ovnkit/cni-api/agent-socket'
import { PluginError } from './failure.ts'

/** Versions of the CNI specification that the plugin speaks, in ascending order. */
export const supportedVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const
export type CniVersion = (typeof supportedVersions)[number]

/** Commands, and the version that brought them. */
export const commandSince = {
  ADD: '0.3.0',
  DEL: '0.3.0',
  CHECK: '0.4.0',
  STATUS: '1.1.0',
  GC: '1.1.0',
} as const satisfies Record<string, CniVersion>
export type Command = keyof typeof commandSince

/**
 * The version that a configuration is written in.
 * @throws PluginError 1
 */
export function versionOf(text: unknown): CniVersion {
  const version = supportedVersions.find(one => one === text)
  if (version === undefined) {
    const known = supportedVersions.join(', ')
    throw new PluginError(
      cniErrors.incompatibleVersion,
      `cniVersion: expected one of ${known}, got ${JSON.stringify(text)}`,
    )
  }
  return version
}

/** @throws PluginError 1 */
export function requireCommand(command: Command, version: CniVersion): void {
  const since = commandSince[command]
  if (supportedVersions.indexOf(version) < supportedVersions.indexOf(since)) {
    throw new PluginError(
      cniErrors.incompatibleVersion,
      `${command} needs cniVersion ${since} or newer, got ${version}`,
    )
  }
}

/** The result in the form of a version: before 1.0.0 each address named its family. */
export function convertResult(result: CniResult, cniVersion: CniVersion): object {
  if (cniVersion.startsWith('1.')) return { cniVersion, ...result }
  const ips = result.ips.map(ip => ({ version: ip.address.includes(':') ? '6' : '4', ...ip }))
  return { cniVersion, ...result, ips }
}
