import { connect, type Socket } from 'node:net'

interface Message {
  readonly id: unknown
  readonly method?: string
  readonly params?: readonly unknown[]
  readonly result?: unknown
}

/** Rows by table and UUID: `new` without `old` appeared, `old` without `new` is gone. */
export type NbUpdate = Readonly<
  Record<string, Readonly<Record<string, { readonly new?: object; readonly old?: object }>>>
>

/** A monitor of the Northbound database on a connection of its own: no client of the measured program is in it. */
export class NbMonitor implements Disposable {
  readonly #socket: Socket
  readonly #told: (update: NbUpdate) => void
  #rest = ''

  /**
   * @param remote `tcp:HOST:PORT` or `unix:PATH`
   * @param columns by table
   * @param told what is there at first, then each change as it comes
   */
  constructor(remote: string, columns: Readonly<Record<string, readonly string[]>>, told: (update: NbUpdate) => void) {
    const [, host, port] = /^tcp:(.+):(\d+)$/.exec(remote) ?? []
    this.#told = told
    this.#socket = host === undefined ? connect(remote.replace(/^unix:/, '')) : connect(Number(port), host)
    this.#socket.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    const tables = Object.fromEntries(Object.entries(columns).map(([table, names]) => [table, { columns: names }]))
    this.#send({ id: 1, method: 'monitor', params: ['OVN_Northbound', 'm', tables] })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #send(message: object): void {
    this.#socket.write(JSON.stringify(message))
  }

  /** Messages follow one another without a separator. */
  #read(text: string): void {
    this.#rest += text
    for (let end = endOfObject(this.#rest); end > 0; end = endOfObject(this.#rest)) {
      this.#take(JSON.parse(this.#rest.slice(0, end)))
      this.#rest = this.#rest.slice(end)
    }
  }

  #take({ id, method, params, result }: Message): void {
    if (method === 'echo') this.#send({ id, result: params, error: null })
    else if (method === 'update') this.#told(params?.[1] as NbUpdate)
    else if (id === 1) this.#told(result as NbUpdate)
  }
}

/** Index after the first whole object; 0 when it is not whole yet. */
function endOfObject(text: string): number {
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (quoted) {
      if (c === 0x5c) i++
      else if (c === 0x22) quoted = false
    } else if (c === 0x22) quoted = true
    else if (c === 0x7b) depth++
    else if (c === 0x7d && --depth === 0) return i + 1
  }
  return 0
}
