import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Memory in huge pages of all sizes, MiB; 0 on a kernel without. Source: Linux, admin-guide/mm/hugetlbpage. */
export function hugepagesMB(folder = '/sys/kernel/mm/hugepages'): number {
  return sizes(folder).reduce((sum, { name, kiB }) => {
    const pages = Number(readFileSync(join(folder, name, 'nr_hugepages'), 'utf8'))
    return sum + (pages * kiB) / 1024
  }, 0)
}

function sizes(folder: string): { name: string; kiB: number }[] {
  try {
    return readdirSync(folder).map(name => ({ name, kiB: Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0) }))
  } catch {
    return []
  }
}
