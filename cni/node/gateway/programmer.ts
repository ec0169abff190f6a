import { execFile } from 'node:child_process'
import { flowCookie } from './flows.ts'

/**
 * Puts flows into a bridge by ovs-ofctl(8): all of ours in place of what carries our cookie, in one transaction. A process of some 10 ms, when the switch was started
 * anew or a Subnet or the node's addresses changed.
 * @param target `unix:/var/run/openvswitch/br-ex.mgmt`
 */
export async function programFlows(target: string, flows: readonly string[], patch: number): Promise<void> {
  // No flood into the logical network: its router asks and hears by flows of its own.
  await ofctl(['mod-port', target, String(patch), 'no-flood'])
  const lines = [`delete cookie=${flowCookie}/-1`, ...flows.map(flow => `add ${flow}`)]
  await ofctl(['--bundle', '-OOpenFlow14', 'add-flows', target, '-'], `${lines.join('\n')}\n`)
}

function ofctl(args: readonly string[], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile('ovs-ofctl', ['--timeout=10', ...args], (error, _, stderr) => {
      if (error === null) resolve()
      else reject(new Error(`ovs-ofctl ${args[0]} failed: ${stderr.trim() || error.message}`))
    })
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}
