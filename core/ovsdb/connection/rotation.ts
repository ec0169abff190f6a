import { formatRemote, type Remote } from './remote.ts'

/** The order in which remotes are tried: round and round, shuffled once so that clients spread over the servers. */
export class Rotation {
  readonly #shuffle: boolean
  #remotes: readonly Remote[]
  #next = 0

  constructor(remotes: readonly Remote[], shuffle: boolean) {
    this.#shuffle = shuffle
    this.#remotes = this.#order(remotes)
  }

  get size(): number {
    return this.#remotes.length
  }

  has(remote: Remote): boolean {
    const text = formatRemote(remote)
    return this.#remotes.some(known => formatRemote(known) === text)
  }

  replace(remotes: readonly Remote[]): void {
    this.#remotes = this.#order(remotes)
    this.#next = 0
  }

  /** The next one to try. Throws if there is none. */
  next(): Remote {
    const remote = this.#remotes[this.#next % this.#remotes.length]
    if (remote === undefined) throw new Error('there is no remote to connect to')
    this.#next++
    return remote
  }

  #order(remotes: readonly Remote[]): readonly Remote[] {
    if (!this.#shuffle) return remotes
    return remotes
      .map(remote => ({ remote, key: Math.random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ remote }) => remote)
  }
}
