/** Gives the same string object for equal texts, so that 10,000 pods share one copy of their node's name. */
export type Intern = (text: string) => string

/** Beyond so many different texts the table starts anew: values that are all different must not be kept alive by it. */
const MAX_ENTRIES = 4096

export function createIntern(): Intern {
  const known = new Map<string, string>()
  return text => {
    const same = known.get(text)
    if (same !== undefined) return same
    if (known.size >= MAX_ENTRIES) known.clear()
    known.set(text, text)
    return text
  }
}
