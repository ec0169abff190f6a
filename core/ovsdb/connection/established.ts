import { once } from 'node:events'
import type { Socket } from 'node:net'

/** Waits for the event that says a socket can be used; destroys it if that fails or `signal` aborts first. */
export async function established<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  // A server may refuse our certificate any time after its own handshake; who uses the socket hears of it by its close.
  socket.on('error', () => undefined)
  try {
    await once(socket, event, { signal })
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}
