import { readFileSync, writeSync } from 'node:fs'
import { type AgentResponse, type CniFailure, cniErrors } from '@ovnkit/cni-api/agent-socket'
import { AgentGone, callAgent } from './agent-client.ts'
import { PluginError } from './failure.ts'
import { buildRequest, type PluginConfig, parseConfig, validateConfig } from './request.ts'
import {
  type CniVersion,
  type Command,
  commandSince,
  convertResult,
  requireCommand,
  supportedVersions,
  versionOf,
} from './versions.ts'
import { answerWithoutAgent } from './without-agent.ts'

const DEFAULT_SOCKET = '/var/run/zstack-ovn/cni-server.sock'
// Above the agent's own deadline (cni.timeout, 110 s): its answer says more than ours.
const TIMEOUT_MS = 120_000

const newest = supportedVersions.at(-1) ?? '1.1.0'

/** What goes to standard output; nothing for DEL, CHECK, GC and STATUS that went well. */
async function run(config: PluginConfig): Promise<string> {
  const command = process.env.CNI_COMMAND ?? ''
  if (command === 'VERSION') return JSON.stringify({ cniVersion: config.cniVersion ?? newest, supportedVersions })
  if (!isCommand(command)) {
    const known = ['VERSION', ...Object.keys(commandSince)].join(', ')
    throw new PluginError(cniErrors.badEnvironment, `CNI_COMMAND: expected one of ${known}, got "${command}"`)
  }
  const version = versionOf(config.cniVersion)
  requireCommand(command, version)
  validateConfig(config)
  const response = await ask(command, config)
  return command === 'ADD' ? resultText(response, version) : ''
}

function isCommand(text: string): text is Command {
  return Object.hasOwn(commandSince, text)
}

async function ask(command: Command, config: PluginConfig): Promise<AgentResponse | undefined> {
  const socket = config.serverSocket ?? DEFAULT_SOCKET
  const request = buildRequest(command, process.env, config)
  try {
    const response = await callAgent(socket, command.toLowerCase(), request, TIMEOUT_MS)
    if ('error' in response) {
      const { code, msg, details } = response.error
      throw new PluginError(code, msg, details)
    }
    return response
  } catch (error) {
    if (!(error instanceof AgentGone)) throw error
    answerWithoutAgent(command, socket, error)
    return undefined
  }
}

function resultText(response: AgentResponse | undefined, version: CniVersion): string {
  const result = response !== undefined && 'result' in response ? response.result : null
  if (result === null) {
    throw new PluginError(cniErrors.internal, 'the agent answered ADD without a result')
  }
  return JSON.stringify(convertResult(result, version))
}

function failureOf(error: unknown): CniFailure {
  if (error instanceof PluginError) return error.failure
  return { code: cniErrors.internal, msg: String(error) }
}

function finish(text: string, status: number): never {
  if (text !== '') writeSync(1, text)
  process.exit(status)
}

/** The version in error messages: the caller's if it can be told. */
function start(): void {
  let cniVersion: string = newest
  const fail = (error: unknown) => finish(JSON.stringify({ cniVersion, ...failureOf(error) }), 1)
  try {
    const config = parseConfig(readFileSync(0, 'utf8') || '{}')
    if (typeof config.cniVersion === 'string') cniVersion = config.cniVersion
    run(config).then(text => finish(text, 0), fail)
  } catch (error) {
    fail(error)
  }
}

start()
