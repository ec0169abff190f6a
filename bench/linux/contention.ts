import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Netlink } from '@ovnkit/linux'
import { testNetns } from '@ovnkit/linux/testing'
import { report, timed } from './measure.ts'

/**
 * The kernel holds one lock for all changes of links, and holds it long while it removes some. How long do requests take meanwhile, and how
 * long is our event loop blocked?
 */
export async function churnWhileReading(): Promise<void> {
  using netns = testNetns('bench')
  using elsewhere = testNetns('bench')
  using netlink = Netlink.open({ netns })
  const script =
    'for i in $(seq 40); do ip link add c$i type veth peer name d$i; done; for i in $(seq 40); do ip link del c$i; done'
  const churn = spawn('nsenter', [`--net=${elsewhere.path}`, 'sh', '-c', script], { stdio: 'ignore' })
  let running = true
  const ended = once(churn, 'close').then(() => {
    running = false
  })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const durations: number[] = []
  for (let i = 0; running; i++) durations.push(...(await timed(1, () => netlink.setLink('lo', { up: i % 2 === 0 }), 0)))
  delay.disable()
  await ended
  report('a change of a link while another program creates and removes 40', durations)
  console.log(
    `    event loop delay meanwhile: p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, max ${(delay.max / 1e6).toFixed(1)} ms`,
  )
}
