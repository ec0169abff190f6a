/**
 * How much `key` likes `choice`: 32 bits by FNV-1a, the same everywhere. Whoever takes the highest of several choices spreads keys evenly, and loses only the
 * keys of a choice that goes away (rendezvous hashing).
 */
export function weight(key: string, choice: string): number {
  let hash = 0x811c9dc5
  for (const text of [key, '\n', choice]) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  // The last characters reach the high bits only by a final mix (MurmurHash3's finalizer).
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The choice that `key` likes most; undefined without choices. */
export function favourite<T extends string>(key: string, choices: readonly T[]): T | undefined {
  let best: T | undefined
  let most = -1
  for (const choice of choices) {
    const liking = weight(key, choice)
    if (liking > most) [best, most] = [choice, liking]
  }
  return best
}
