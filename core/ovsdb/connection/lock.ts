import type { Session } from '../session/session.ts'
import type { Json } from '../wire/json.ts'
import type { ConnectionObserver } from './types.ts'

/**
 * An OVSDB lock on one session (RFC 7047 section 4.1.8): asked for once, then the server queues us and says when it is ours.
 * Locks live in the server process, not in the cluster.
 */
export class Lock {
  readonly #session: Session
  readonly #name: string
  readonly #observer: ConnectionObserver
  #owned = false

  constructor(session: Session, name: string, observer: ConnectionObserver) {
    this.#session = session
    this.#name = name
    this.#observer = observer
  }

  get owned(): boolean {
    return this.#owned
  }

  ask(): void {
    this.#session
      .call('lock', [this.#name], { onReply: result => this.#set(isGranted(result)) })
      // Read-only servers refuse locks: then it is never owned, which is what the observer knows already.
      .catch(() => undefined)
  }

  /** `locked` and `stolen`. Who was stolen from stays queued. */
  notification(method: string, name: Json): void {
    if (name === this.#name) this.#set(method === 'locked')
  }

  /** The session is gone, and every lock with it. */
  lost(observer: ConnectionObserver): void {
    if (!this.#owned) return
    this.#owned = false
    observer.lock?.(false)
  }

  #set(owned: boolean): void {
    if (owned === this.#owned) return
    this.#owned = owned
    this.#observer.lock?.(owned)
  }
}

function isGranted(result: Json): boolean {
  return typeof result === 'object' && result !== null && 'locked' in result && result.locked === true
}
