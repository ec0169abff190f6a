/** Whether a node answers. `unknown` until it has answered for the first time, or has not when it should have. */
export type Life = 'unknown' | 'answers' | 'silent'

/** So many unanswered questions in a row mean silence. More than can be under way at once: a pause of our own process costs no node its life. */
export const missesOfDeath = 3
/** So many answers in a row end a silence: a node that comes and goes is not chosen again at once. */
export const answersOfLife = 20

/** What became of the questions to one node. */
export class Pulse {
  #life: Life = 'unknown'
  #misses = 0
  #answers = 0

  get life(): Life {
    return this.#life
  }

  answered(): Life {
    this.#misses = 0
    this.#answers++
    if (this.#life === 'unknown' || this.#answers >= answersOfLife) this.#life = 'answers'
    return this.#life
  }

  missed(): Life {
    this.#answers = 0
    this.#misses++
    if (this.#misses >= missesOfDeath) this.#life = 'silent'
    return this.#life
  }
}
