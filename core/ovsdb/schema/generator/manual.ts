/** Takes the first sentence of each table and column from a database manual (nroff as OVS's build writes it). */

export interface TableDocs {
  doc?: string
  columns: Record<string, string>
  /** Keys that the manual describes for a map column. */
  keys: Record<string, string[]>
}
export type ManualDocs = Record<string, TableDocs>

const escapes: readonly (readonly [RegExp, string])[] = [
  [/\\f[BI](.*?)\\f[RP]/g, '`$1`'],
  [/\\f[BIRP]/g, ''],
  [/\\\[char46\]/g, '.'],
  [/\\\[char34\]|\\\(dq/g, '"'],
  [/\\\(cq|\\\(aq/g, "'"],
  [/\\\(lq|``/g, '"'],
  [/\\\(bu/g, '-'],
  [/\\\(->/g, '->'],
  [/\\-/g, '-'],
  [/\\e|\\\\/g, '\\'],
  [/''/g, '"'],
  [/\*\//g, '* /'],
]

function plain(nroff: string): string {
  const text = escapes.reduce((line, [pattern, by]) => line.replaceAll(pattern, by), nroff)
  return text.replaceAll(/\s+/g, ' ').trim()
}

/** Up to the first full stop that ends a sentence: one after `e.g.` or within a number does not. */
export function firstSentence(paragraph: string): string {
  for (const match of paragraph.matchAll(/[.:](?= [A-Z`"(]|$)/g)) {
    const end = match.index
    if (!/\b(e\.g|i\.e|etc|vs|[A-Z])$/.test(paragraph.slice(0, end))) return `${paragraph.slice(0, end)}.`
  }
  return paragraph
}

/** The first paragraph of running text at or after `from`, before any request that starts another item. */
function paragraphAt(lines: readonly string[], from: number): string {
  for (let i = from; i < lines.length; i++) {
    const line = lines[i] ?? ''
    if (line === '.PP' || line === '') continue
    return line.startsWith('.') ? '' : firstSentence(plain(line))
  }
  return ''
}

/** Docs by table and column; the documented keys of map columns (`options : key`) by name only. */
export function readManual(nroff: string): ManualDocs {
  const lines = nroff.split('\n')
  const docs: ManualDocs = {}
  let table: TableDocs | undefined
  lines.forEach((line, i) => {
    const heading = /^\.SH "(\w+) TABLE"/.exec(line)?.[1]
    if (heading) {
      const doc = paragraphAt(lines, i + 1)
      table = docs[heading] = { ...(doc && { doc }), columns: {}, keys: {} }
    }
    const [, column, key] = /^\.IP "\\fB(\w+)(?: : (\S+))?\\fR: /.exec(line) ?? []
    if (table && column) addColumn(table, column, key, paragraphAt(lines, i + 1))
  })
  return docs
}

function addColumn(table: TableDocs, column: string, key: string | undefined, doc: string): void {
  if (key === undefined) {
    if (doc) table.columns[column] ??= doc
    return
  }
  const name = plain(key)
  const keys = table.keys[column] ?? []
  table.keys[column] = keys
  if (!keys.includes(name)) keys.push(name)
}
