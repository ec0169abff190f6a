import { type AgentRequest, type CniConfig, cniErrors } from '@ovnkit/cni-api/agent-socket'
import { PluginError } from './failure.ts'
import type { Command } from './versions.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** The plugin's own key in the network configuration, and the defaults around it. */
export interface PluginConfig extends CniConfig {
  /** Socket of the agent. */
  readonly serverSocket?: string
}

// CNI specification 1.1.0, section 2 "Execution Protocol": parameters of each operation.
const required: Readonly<Record<Command, readonly string[]>> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  GC: [],
  STATUS: [],
}

/**
 * @throws PluginError 6 for what is no JSON object, 7 for one without a name
 */
export function parseConfig(text: string): PluginConfig {
  let config: unknown
  try {
    config = JSON.parse(text)
  } catch (error) {
    throw new PluginError(cniErrors.decode, 'the network configuration on standard input is no JSON', String(error))
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new PluginError(cniErrors.decode, 'expected a JSON object as network configuration on standard input')
  }
  return config as PluginConfig
}

/** @throws PluginError 7 */
export function validateConfig({ name, serverSocket }: PluginConfig): void {
  // Section 1 "Network configuration format".
  if (typeof name !== 'string' || !/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    throw new PluginError(cniErrors.invalidConfig, `name: expected a network name, got ${JSON.stringify(name)}`)
  }
  if (serverSocket !== undefined && (typeof serverSocket !== 'string' || !serverSocket.startsWith('/'))) {
    throw new PluginError(cniErrors.invalidConfig, `serverSocket: expected a path, got ${JSON.stringify(serverSocket)}`)
  }
}

/** @throws PluginError 4 */
export function buildRequest(command: Command, env: Environment, config: CniConfig): AgentRequest {
  const missing = required[command].filter(name => (env[name] ?? '') === '')
  if (missing.length > 0) {
    throw new PluginError(cniErrors.badEnvironment, `${command} needs ${missing.join(', ')} in the environment`)
  }
  checkNames(env)
  const args = parseArgs(env.CNI_ARGS ?? '')
  if (command === 'ADD' && (!args.get('K8S_POD_NAMESPACE') || !args.get('K8S_POD_NAME'))) {
    const text = 'CNI_ARGS: expected K8S_POD_NAMESPACE and K8S_POD_NAME; this network serves pods of Kubernetes only'
    throw new PluginError(cniErrors.badEnvironment, text, `CNI_ARGS=${env.CNI_ARGS ?? ''}`)
  }
  return {
    containerID: env.CNI_CONTAINERID ?? '',
    netns: env.CNI_NETNS ?? '',
    ifName: env.CNI_IFNAME ?? '',
    podNamespace: args.get('K8S_POD_NAMESPACE') ?? '',
    podName: args.get('K8S_POD_NAME') ?? '',
    podUID: args.get('K8S_POD_UID') ?? '',
    config,
  }
}

// CNI specification 1.1.0, section 2 "Parameters": CNI_CONTAINERID.
const containerIdForm = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/
// dev_valid_name() of the kernel, and 15 bytes at most (IFNAMSIZ).
const interfaceNameForm = /^(?!\.{1,2}$)[^\s/:]{1,15}$/

/** What can be no container ID or no name of an interface is the caller's mistake, not a failure of the network. */
function checkNames({ CNI_CONTAINERID: id = '', CNI_IFNAME: name = '' }: Environment): void {
  if (id !== '' && !containerIdForm.test(id)) {
    const text = `CNI_CONTAINERID: expected letters, digits, "_", "." and "-", a letter or digit first, got ${JSON.stringify(id)}`
    throw new PluginError(cniErrors.badEnvironment, text)
  }
  if (name !== '' && (!interfaceNameForm.test(name) || Buffer.byteLength(name) > 15)) {
    const text = `CNI_IFNAME: expected 1 to 15 bytes without white space, "/" and ":", got ${JSON.stringify(name)}`
    throw new PluginError(cniErrors.badEnvironment, text)
  }
}

/** `K1=V1;K2=V2` */
function parseArgs(text: string): Map<string, string> {
  const pairs = text.split(';').map(pair => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at), pair.slice(at + 1)] as const
  })
  return new Map(pairs)
}
