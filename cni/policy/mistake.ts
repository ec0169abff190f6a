/** A policy, or a part of one, that says nothing that could be carried out. The text is for its author: what was expected and what came. */
export class PolicyMistake extends Error {
  override readonly name = 'PolicyMistake'
}
