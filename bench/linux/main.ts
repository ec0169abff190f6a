import { cpus, release } from 'node:os'
import { churnWhileReading } from './contention.ts'
import { benchPodNetwork } from './pod-network.ts'
import { benchSockets } from './sockets.ts'
import { benchTarget } from './target.ts'

/** What a pod's network costs us and the kernel. Run as root: `node bench/linux/main.ts`. */
console.log(`Node ${process.version}, Linux ${release()}, ${cpus().length} x ${cpus()[0]?.model}`)
await benchSockets()
await benchPodNetwork()
await churnWhileReading()
await benchTarget()
