import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { isExecutable } from '../tools/find.ts'

/** Folders of a node, as container runtimes have them by default. */
const confDir = '/etc/cni/net.d'
const binDir = '/opt/cni/bin'

const conflist = z.object({
  cniVersion: z.string(),
  name: z.string(),
  plugins: z.array(z.looseObject({ type: z.string() })).min(1),
})
type Conflist = z.infer<typeof conflist>

export const cniResult = z.looseObject({
  ips: z.array(z.looseObject({ address: z.string() })).default([]),
})
export type CniResult = z.infer<typeof cniResult>

/** The network configuration that a runtime would take: the first by name. Undefined while there is none. */
export function networkConfiguration(): Conflist | undefined {
  let names: string[]
  try {
    names = readdirSync(confDir)
      .filter(name => name.endsWith('.conflist'))
      .sort()
  } catch {
    return undefined
  }
  const [name] = names
  return name === undefined ? undefined : conflist.parse(JSON.parse(readFileSync(`${confDir}/${name}`, 'utf8')))
}

export interface Sandbox {
  readonly containerId: string
  readonly netns: string
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** A plugin's refusal, as it wrote it (CNI specification, "Error"). */
export class CniError extends Error {
  override readonly name = 'CniError'
}

/**
 * ADD or DEL of a sandbox through the plugins of the configuration, in the environment that kubelet's runtime gives them.
 * Plugins that are not installed (portmap, bandwidth) are left out: a lab without containers has no ports to map.
 */
export async function callPlugins(verb: 'ADD' | 'DEL', sandbox: Sandbox, previous?: CniResult): Promise<CniResult> {
  const list = networkConfiguration()
  if (list === undefined) throw new CniError(`no network configuration in ${confDir}: the agent has not written it yet`)
  const plugins = list.plugins.filter(({ type }, i) => i === 0 || isExecutable(`${binDir}/${type}`))
  let result = previous
  for (const plugin of verb === 'ADD' ? plugins : plugins.toReversed()) {
    const config = {
      ...plugin,
      cniVersion: list.cniVersion,
      name: list.name,
      ...(result === undefined ? {} : { prevResult: result }),
    }
    const answer = await callPlugin(`${binDir}/${plugin.type}`, verb, sandbox, JSON.stringify(config))
    if (verb === 'ADD') result = cniResult.parse(JSON.parse(answer))
  }
  return result ?? { ips: [] }
}

function callPlugin(
  program: string,
  verb: string,
  { containerId, netns, namespace, name, uid }: Sandbox,
  config: string,
): Promise<string> {
  const pod = {
    K8S_POD_NAMESPACE: namespace,
    K8S_POD_NAME: name,
    K8S_POD_INFRA_CONTAINER_ID: containerId,
    K8S_POD_UID: uid,
  }
  const env = {
    PATH: process.env.PATH ?? '',
    CNI_COMMAND: verb,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH: binDir,
    CNI_ARGS: ['IgnoreUnknown=1', ...Object.entries(pod).map(([key, value]) => `${key}=${value}`)].join(';'),
  }
  return new Promise((resolve, reject) => {
    const child = spawn(program, [], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.on('data', chunk => {
      out += String(chunk)
    })
    child.stderr.on('data', chunk => {
      err += String(chunk)
    })
    child.on('error', error => reject(new CniError(`cannot run ${program}: ${error.message}`, { cause: error })))
    child.on('close', code =>
      code === 0 ? resolve(out) : reject(new CniError(`${verb} of ${namespace}/${name}: ${out.trim() || err.trim()}`)),
    )
    child.stdin.on('error', () => undefined)
    child.stdin.end(config)
  })
}
