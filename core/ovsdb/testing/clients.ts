import { connect, type Socket } from 'node:net'
import { waitUntil } from '@ovnkit/testing'
import { Session, type SessionHandler } from '../session/session.ts'
import { Framer } from '../wire/framer.ts'
import type { Json, JsonArray, JsonObject } from '../wire/json.ts'
import { parseJson } from '../wire/parse.ts'

/** Path of the schema that the facts about servers are tried on. */
export const factsSchema: string = new URL('facts.ovsschema', import.meta.url).pathname

/** Path of a schema in which no table is marked as root. */
export const rootlessSchema: string = new URL('rootless.ovsschema', import.meta.url).pathname

/** Sends and receives bytes as they are. */
export class RawClient implements Disposable {
  readonly #socket: Socket
  readonly #texts: string[] = []
  /** Everything received so far. */
  received = ''
  /** Whether the server has closed the connection. */
  closed = false

  constructor(remote: string) {
    this.#socket = connect({ path: remote.replace(/^unix:/, '') })
    const framer = new Framer({ message: text => this.#texts.push(text) })
    this.#socket.on('data', chunk => {
      this.received += chunk.toString('latin1')
      framer.add(chunk)
      framer.run(() => false)
    })
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      this.closed = true
    })
  }

  send(bytes: string | Buffer): void {
    this.#socket.write(bytes)
  }

  /** Stops reading, so that the server can't send any more. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  /** The text of the next message. */
  async text(): Promise<string> {
    const message = await waitUntil('a message from the server', () => {
      const text = this.#texts.shift()
      return text === undefined ? undefined : { text }
    })
    return message.text
  }

  /** The next message. */
  async next(): Promise<JsonObject> {
    return parseJson(await this.text()) as JsonObject
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** A session without any of the connection's cleverness, which remembers the notifications. */
export class TestClient implements Disposable, SessionHandler {
  readonly session: Session
  readonly notifications: { readonly method: string; readonly params: JsonArray }[] = []
  readonly database: string
  closedBy: Error | undefined

  constructor(remote: string, database = 'Facts') {
    this.database = database
    this.session = new Session(connect({ path: remote.replace(/^unix:/, '') }), this)
  }

  notification(method: string, params: JsonArray): void {
    this.notifications.push({ method, params })
  }

  closed(cause: Error): void {
    this.closedBy = cause
  }

  call(method: string, ...params: Json[]): Promise<Json> {
    return this.session.call(method, params)
  }

  async transact(...operations: JsonObject[]): Promise<JsonArray> {
    return (await this.call('transact', this.database, ...operations)) as JsonArray
  }

  /** All rows of a table. */
  async select(table: string, columns: readonly string[], where: JsonArray = []): Promise<readonly JsonObject[]> {
    const [result] = await this.transact({ op: 'select', table, columns, where })
    return (result as { readonly rows: readonly JsonObject[] }).rows
  }

  /** Inserts a row and returns its UUID. */
  async insert(table: string, row: JsonObject): Promise<string> {
    const [result] = await this.transact({ op: 'insert', table, row })
    return (result as { readonly uuid: readonly [string, string] }).uuid[1]
  }

  /** Waits for the n-th notification (from 0) of those methods. */
  async notified(count: number, pattern = /^update/): Promise<JsonArray> {
    const params = await waitUntil(`${count + 1} notifications`, () => this.#matching(pattern)[count]?.params)
    return params
  }

  /** Notifications of those methods so far. */
  count(pattern = /^update/): number {
    return this.#matching(pattern).length
  }

  [Symbol.dispose](): void {
    this.session.close(new Error('the test is over'))
  }

  #matching(pattern: RegExp) {
    return this.notifications.filter(({ method }) => pattern.test(method))
  }
}
