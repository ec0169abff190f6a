import { connect, type Socket } from 'node:net'

interface Message {
  readonly id: unknown
  readonly method?: string
  readonly params?: readonly unknown[]
  readonly result?: unknown
}

type Update = Record<string, Record<string, { new?: { name: string }; old?: { name?: string } }>>

const monitor = ['OVN_Northbound', 'm', { Logical_Switch_Port: { columns: ['name', 'addresses'] } }]

/** When logical switch ports came and went (`performance.now()` by name), told by a monitor of its own: no client of the measured program is in it. */
export class NbWatch implements Disposable {
  readonly appeared = new Map<string, number>()
  readonly vanished = new Map<string, number>()
  readonly #socket: Socket
  #rest = ''

  /** @param remote `tcp:HOST:PORT` or `unix:PATH` */
  constructor(remote: string) {
    const [, host, port] = /^tcp:(.+):(\d+)$/.exec(remote) ?? []
    this.#socket = host === undefined ? connect(remote.replace(/^unix:/, '')) : connect(Number(port), host)
    this.#socket.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    this.#send({ id: 1, method: 'monitor', params: monitor })
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
    else if (method === 'update') this.#update(params?.[1] as Update)
    else if (id === 1) this.#update(result as Update)
  }

  #update({ Logical_Switch_Port: rows = {} }: Update): void {
    for (const { new: now, old } of Object.values(rows)) {
      if (now !== undefined) this.appeared.set(now.name, performance.now())
      else if (old?.name !== undefined) this.vanished.set(old.name, performance.now())
    }
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
