import { request } from 'node:https'
import { type ApiAccess, accessOptions } from './api-load.ts'

interface WatchLine {
  readonly type: string
  readonly object: {
    readonly metadata: {
      readonly name: string
      readonly resourceVersion: string
      readonly annotations?: Record<string, string>
    }
  }
}

/** When the pods of a namespace got the annotation and when they vanished, as a watch shows it: `performance.now()` by name. */
export class PodWatch {
  readonly annotated = new Map<string, number>()
  readonly deleted = new Map<string, number>()
  readonly #access: ReturnType<typeof accessOptions>
  readonly #path: string
  readonly #annotation: string
  #version: string
  #rest = ''

  /** @param path of the collection; @param version where it begins */
  constructor(access: ApiAccess, path: string, { version, annotation }: { version: string; annotation: string }) {
    this.#access = accessOptions(access)
    this.#path = path
    this.#annotation = annotation
    this.#version = version
    this.#watch()
  }

  /** The server ends the watch of a client that falls behind: it goes on where it ended. */
  #watch(): void {
    this.#rest = ''
    const path = `${this.#path}?watch=1&allowWatchBookmarks=true&resourceVersion=${this.#version}`
    const watch = request({ ...this.#access, method: 'GET', path }, response => {
      response.setEncoding('utf8')
      response.on('data', (text: string) => this.#read(text))
      response.on('end', () => this.#watch())
    })
    watch.end()
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#event(JSON.parse(line))
  }

  #event({ type, object: { metadata } }: WatchLine): void {
    this.#version = metadata.resourceVersion
    if (type === 'DELETED') this.deleted.set(metadata.name, performance.now())
    else if (metadata.annotations?.[this.#annotation] !== undefined && !this.annotated.has(metadata.name))
      this.annotated.set(metadata.name, performance.now())
  }
}
