import { openDatabase } from '../database.ts'
import { element, mapKey, type TableOptions } from '../types.ts'
import { facts, factsFile } from './facts.ts'
import { startOvsdbServer, type TestServerOptions } from './server.ts'

const indexes = {
  Item: {
    indexes: {
      byName: ['name'],
      byOwner: [mapKey('attrs', 'owner')],
      byChild: [element('children')],
      byTag: [element('tags')],
    },
  },
  Child: {},
  Peer: { indexes: { byName: ['name'] } },
  Single: {},
  Moded: {},
} as const

type More = { readonly server?: Partial<TestServerOptions>; readonly Item?: TableOptions }

/** A server with the schema of facts.ts and a database opened on it, all tables held; both end with the stack. */
export async function openFacts(stack: AsyncDisposableStack, { server: serverOptions, Item }: More = {}) {
  const server = stack.use(await startOvsdbServer({ schema: factsFile, ...serverOptions }))
  const open = () => {
    const tables = { ...indexes, Item: { ...indexes.Item, ...Item } }
    return stack.use(openDatabase(facts, { remotes: server.remote, tables, backoff: { min: 10, max: 50 } }))
  }
  const db = open()
  await db.ready()
  return { server, db, open }
}

export type FactsDatabase = Awaited<ReturnType<typeof openFacts>>['db']
