/**
 * Knocks at addresses until somebody opens: reads lines `ADDRESS PORT`, and for each of them connects again and again until a connection is made; then prints the
 * time, in milliseconds since the epoch. A refusal is asked again at once; silence is not waited for: another knock every 5 ms.
 */
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

const every = 5

function knock(host: string, port: number): Promise<number> {
  return new Promise(resolve => {
    const open = new Set<Socket>()
    const one = () => {
      const socket = connect({ host, port })
      open.add(socket)
      socket.on('error', () => open.delete(socket))
      socket.on('connect', () => {
        clearInterval(timer)
        for (const each of open) each.destroy()
        resolve(performance.timeOrigin + performance.now())
      })
      // A knock that gets no answer would come again after a second: younger ones are there by then.
      const [oldest] = open
      if (open.size > 50 && oldest !== undefined) {
        open.delete(oldest)
        oldest.destroy()
      }
    }
    const timer = setInterval(one, every)
    one()
  })
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [host = '', port = ''] = line.split(' ')
  process.stdout.write(`${await knock(host, Number(port))}\n`)
}
