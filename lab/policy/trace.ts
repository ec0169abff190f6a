import { isIPv6 } from 'node:net'
import { environmentOf } from '../environment.ts'
import type { Lab } from '../lab.ts'
import { runRaw } from '../state/run.ts'
import { nameOf } from './objects.ts'
import type { Probe } from './probe.ts'

/**
 * What OVN says becomes of the first packet of a connection between pods: the lines about access lists and deliveries. Empty for
 * connections of nodes, which enter elsewhere.
 */
export async function traceOf(lab: Lab, probe: Probe): Promise<string[]> {
  const { connection, from, to, address, protocol, port, source } = probe
  if (!('pod' in connection.from && 'pod' in connection.to)) return []
  const env = await environmentOf(lab)
  const portOf = (key: string) => `${nameOf(key).namespace}_${nameOf(key).name}`
  const macOf = async (key: string) => {
    const { stdout } = await runRaw(['ovn-nbctl', 'get', 'Logical_Switch_Port', portOf(key), 'addresses'], { env })
    return /([0-9a-f]{2}:){5}[0-9a-f]{2}/.exec(stdout)?.[0] ?? ''
  }
  const family = isIPv6(address) ? 'ip6' : 'ip4'
  const packet = [
    `inport == "${portOf(from)}"`,
    `eth.src == ${await macOf(from)} && eth.dst == ${await macOf(to)}`,
    `${family}.src == ${source ?? address} && ${family}.dst == ${address} && ip.ttl == 64`,
    `${protocol.toLowerCase()}.dst == ${port}`,
  ].join(' && ')
  const states = ['--ct=new', '--ct=new']
  const { stdout, stderr } = await runRaw(['ovn-trace', `--db=${lab.sb}`, ...states, packet], { env, within: 30_000 })
  const telling = /acl|output to|drop|reject/i
  return [packet, ...`${stdout}${stderr}`.split('\n').filter(line => telling.test(line))].map(line => line.trim())
}
