import { request } from 'node:https'
import { type ApiAccess, accessOptions } from './api-load.ts'

interface WatchLine {
  readonly type: string
  readonly object: {
    readonly metadata: {
      readonly name: string
      readonly namespace: string
      readonly resourceVersion: string
      readonly annotations?: Record<string, string>
    }
  }
}

interface WatchedPods {
  readonly version: string
  readonly annotation: string
  readonly bare?: (namespace: string, name: string) => void
}

/** When the pods of a namespace got the annotation and when they vanished, as a watch shows it: `performance.now()` by name. */
export class PodWatch {
  readonly annotated = new Map<string, number>()
  readonly deleted = new Map<string, number>()
  readonly #access: ReturnType<typeof accessOptions>
  readonly #path: string
  readonly #annotation: string
  readonly #bare: (namespace: string, name: string) => void
  #version: string
  #rest = ''

  /** @param path of the collection; `version` where it begins; `bare` hears of every new pod that comes without the annotation */
  constructor(access: ApiAccess, path: string, { version, annotation, bare = () => {} }: WatchedPods) {
    this.#access = accessOptions(access)
    this.#path = path
    this.#annotation = annotation
    this.#bare = bare
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
    else if (metadata.annotations?.[this.#annotation] === undefined) {
      if (type === 'ADDED') this.#bare(metadata.namespace, metadata.name)
    } else if (!this.annotated.has(metadata.name)) this.annotated.set(metadata.name, performance.now())
  }
}
