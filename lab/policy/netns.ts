import type { Lab } from '../lab.ts'

/** Network namespaces of a node by each address in them. */
export async function netnsByAddress(lab: Lab, node: string): Promise<Map<string, string>> {
  const script =
    'cd /run/netns 2>/dev/null && for n in *; do ip -o -n "$n" address show | sed "s|^|$PWD/$n |"; done; true'
  const lines = (await lab.exec(node, ['sh', '-c', script])).split('\n')
  return new Map(
    lines.flatMap(line => {
      const [, netns = '', address = ''] = /^(\S+) .* inet6? ([^/ ]+)/.exec(line) ?? []
      return netns === '' ? [] : [[address, netns] as const]
    }),
  )
}
