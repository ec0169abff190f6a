import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { parseCidr, parseIp, parseMac } from '@ovnkit/inet'
import { Netlink, setOffloads, userspaceDatapathOffloads } from '@ovnkit/linux'
import { type TestNetns, testNetns } from '@ovnkit/linux/testing'
import { durationOf, repeated, report } from './measure.ts'

const rounds = 200
const mac = parseMac('0a:58:0a:f4:00:02')
const address = parseIp('10.244.0.2')
const address6 = parseIp('fd00:10::2')
const gateway = parseIp('10.244.0.1')
const gateway6 = parseIp('fd00:10::1')

/**
 * The kernel part of a CNI ADD, in a fresh namespace every time: a pair with its peer there, MAC, MTU, both families' addresses and default
 * routes, loopback and link up, offloads off. Beside it the same (without offloads) by `ip -batch -` processes that run already, so
 * without any start-up.
 */
export async function benchPodNetwork(): Promise<void> {
  using host = testNetns('bench')
  using netlink = Netlink.open({ netns: host })
  let user = 0
  let system = 0
  const ours = await repeated(rounds, async round => {
    using pod = testNetns('bench')
    const before = process.cpuUsage()
    const duration = await durationOf(() => setUpPod(netlink, pod, `h${round}`))
    const used = process.cpuUsage(before)
    user += used.user
    system += used.system
    return duration
  })
  report('pod network, ours', ours)
  const perPod = (value: number) => (value / (rounds * 1.1) / 1000).toFixed(2)
  console.log(`    CPU per pod: ${perPod(user)} ms in our code, ${perPod(system)} ms in the kernel for us`)
  report('pod network, ip -batch (running already)', await byIp(host))
}

async function setUpPod(host: Netlink, pod: TestNetns, name: string): Promise<void> {
  const link = await host.createVeth({ name, mtu: 1400, up: true, peer: { name: 'eth0', netns: pod, mtu: 1400, mac } })
  const index = link.peerIndex ?? 0
  using inside = Netlink.open({ netns: pod })
  await Promise.all([
    inside.setLink('lo', { up: true }),
    inside.setLink(index, { up: true }),
    inside.addAddress({ index, address, prefixLength: 16 }),
    inside.addAddress({ index, address: address6, prefixLength: 64 }),
    inside.addRoute({ destination: parseCidr('0.0.0.0/0'), via: gateway, index }),
    inside.addRoute({ destination: parseCidr('::/0'), via: gateway6, index }),
  ])
  setOffloads('eth0', pod, userspaceDatapathOffloads)
}

/** `ip -batch -` on the host's side, and another one inside the pod. */
async function byIp(host: TestNetns): Promise<number[]> {
  const outside = startBatch(host.path)
  const durations = await repeated(rounds, async round => {
    using pod = testNetns('bench')
    const inside = startBatch(pod.path)
    await inside.idle()
    const duration = await durationOf(async () => {
      await outside.run(
        `link add i${round} mtu 1400 type veth peer name eth0 mtu 1400 address ${mac} netns ${pod.name}`,
        `link set i${round} up`,
      )
      await inside.run(
        'link set lo up',
        'link set eth0 up',
        `addr add ${address}/16 dev eth0`,
        `addr add ${address6}/64 dev eth0 nodad`,
        `route add default via ${gateway} dev eth0`,
        `route add default via ${gateway6} dev eth0`,
      )
    })
    await inside.end()
    return duration
  })
  await outside.end()
  return durations
}

/** A running `ip -batch -`; `run` ends when the last of the commands is done. */
function startBatch(path: string) {
  const child = spawn('nsenter', [`--net=${path}`, 'ip', '-o', '-batch', '-'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)
  child.once('exit', code => code && lines.emit('error', new Error(`ip ended with ${code}`)))
  const run = async (...commands: string[]): Promise<void> => {
    const answered = once(lines, 'line')
    // The one line that this prints tells that everything before it is done.
    child.stdin.write([...commands, 'link show dev lo', ''].join('\n'))
    await answered
  }
  return {
    run,
    idle: () => run(),
    async end() {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'close')
    },
  }
}
