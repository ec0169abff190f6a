/**
 * `node rate.ts serve PORT`: takes what comes, or sends as fast as it can to who asks for that.
 * `node rate.ts send|receive HOST PORT SECONDS`: one TCP connection for so long; prints how many Mbit/s came through after its first second.
 */
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

const chunk = Buffer.alloc(65_536)
const please = 'send'
/** Sends until the other end has enough. */
function pour(socket: Socket): void {
  while (socket.write(chunk));
  socket.once('drain', () => pour(socket))
}

function serve(port: number): void {
  createServer(socket => {
    socket.on('error', () => socket.destroy())
    socket.once('data', first => {
      if (first.toString('latin1', 0, please.length) === please) pour(socket)
      socket.resume()
    })
  }).listen(port)
}

async function measure(how: string, host: string, port: number, seconds: number): Promise<void> {
  const socket = connect(port, host)
  if (how === 'send') socket.once('connect', () => pour(socket))
  else socket.once('connect', () => socket.resume().write(please))
  // What is still in our own buffers was not sent; what the kernel holds counts for little over seconds.
  const passed = () => (how === 'send' ? socket.bytesWritten - socket.writableLength : socket.bytesRead)
  await delay(1000)
  const [begin, before] = [performance.now(), passed()]
  await delay(seconds * 1000)
  const rate = ((passed() - before) * 8) / 1000 / (performance.now() - begin)
  process.stdout.write(`${rate.toFixed(2)}\n`)
  process.exit()
}

const [how = '', ...args] = process.argv.slice(2)
if (how === 'serve') serve(Number(args[0]))
else await measure(how, args[0] ?? '', Number(args[1]), Number(args[2]))
