import { connect } from 'node:net'

/**
 * Asks a machine's kernel for a sign of life: a TCP connection to any port. That it is taken or refused both show a kernel that works; the program behind the
 * port is not asked anything, and loses nothing when it is away.
 *
 * @returns false when nothing came back within `milliseconds`
 */
export function ask(address: string, port: number, milliseconds: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: address, port })
    const end = (answered: boolean) => {
      clearTimeout(timer)
      // Without the handshake of an orderly end nothing of the connection stays behind, here or there.
      socket.resetAndDestroy()
      resolve(answered)
    }
    const timer = setTimeout(() => end(false), milliseconds)
    timer.unref()
    socket.unref()
    socket.once('connect', () => end(true))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') end(true)
    })
  })
}
