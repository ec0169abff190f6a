import { type Duplex, duplexPair } from 'node:stream'
import { encodeErrorReply, encodeNotification, encodeReply, parseMessage } from '../wire/envelope.ts'
import { Framer } from '../wire/framer.ts'
import type { Json, JsonArray } from '../wire/json.ts'

/** What a scripted server answers to a method: a result, or an error as `{error}`. */
export type Script = Readonly<Record<string, (params: JsonArray) => Json | { readonly error: Json }>>

/** A server for what real ones of today no longer do: answers by a script, `unknown method` to everything else. */
export class ScriptedServer {
  readonly #script: Script
  readonly #streams: Duplex[] = []
  /** The methods that were asked for, in order. */
  readonly asked: string[] = []

  constructor(script: Script) {
    this.#script = script
  }

  /** A new connection to the server: the client's end. */
  readonly dial = async (): Promise<Duplex> => {
    const [client, server] = duplexPair()
    this.#streams.push(server)
    const framer = new Framer({ message: text => server.write(this.#answer(text)) })
    server.on('data', (chunk: Buffer) => {
      framer.add(chunk)
      framer.run(() => false)
    })
    return client
  }

  /** Sends a notification to all clients. */
  notify(method: string, params: JsonArray): void {
    for (const stream of this.#streams) stream.write(encodeNotification(method, params))
  }

  #answer(text: string): string {
    const message = parseMessage(text)
    if (message.kind !== 'request') return ''
    this.asked.push(message.method)
    const answer = this.#script[message.method]?.(message.params) ?? { error: 'unknown method' }
    if (typeof answer === 'object' && answer !== null && 'error' in answer)
      return encodeErrorReply(message.id, answer.error ?? null)
    return encodeReply(message.id, answer)
  }
}
