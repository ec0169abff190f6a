import { createServer, type Server } from 'node:net'
import { waitFor } from './wait.ts'

/**
 * A lock among processes of this machine: a name in the abstract socket space, which one process can hold and which the kernel
 * frees when it dies. So a lock can't be stale.
 */
export async function withLock<T>(name: string, within: number, work: () => Promise<T>): Promise<T> {
  const server = await waitFor(() => tryListen(`\0ovnkit-lab/${name}`), {
    what: `the lock on ${name}, which another process holds,`,
    within,
  })
  try {
    return await work()
  } finally {
    await new Promise(resolve => server.close(resolve))
  }
}

const held = new Set<string>()

/** Holds a name among processes of this machine until this one ends. False: another one holds it. */
export async function holdForLife(name: string): Promise<boolean> {
  if (held.has(name)) return true
  const server = await tryListen(`\0ovnkit-lab/${name}`)
  server?.unref()
  if (server !== undefined) held.add(name)
  return server !== undefined
}

function tryListen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen({ path }, () => resolve(server))
  })
}
