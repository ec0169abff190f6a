import type { Answer } from './answer.ts'

type Band = Answer['sides'][number]['bands'][number]

/** The answer for people. */
export function formatAnswer(answer: Answer): string {
  const { from, to, protocol, port, service, allowed, sides, needed, trace } = answer
  const target = service === undefined ? to : `${to} (of Service ${service})`
  return [
    `${from} -> ${target} ${protocol.toLowerCase()}/${port}: ${allowed ? 'allowed' : 'DENIED'}`,
    ...(sides.length === 0 ? ['  neither end is a pod with a network of its own: no policy is about it'] : []),
    ...sides.flatMap(sideLines),
    ...needed.map(one => `to let it through: ${one}`),
    ...(trace === undefined ? [] : traceLines(allowed, trace)),
    '',
  ].join('\n')
}

function sideLines({ direction, pod, node, allowed, exempt, bands }: Answer['sides'][number]): string[] {
  const head = `${direction} of ${pod}: ${allowed ? 'allowed' : 'denied'}`
  if (exempt !== undefined) return [head, `  ${exempt}`]
  const decided = bands.at(-1)?.effect !== 'next'
  return [
    head,
    ...bands.flatMap(band => bandLines(band, node)),
    ...(decided ? [] : ['  no policy says anything: allowed']),
  ]
}

function bandLines({ band, rules, isolatedBy, effect, counted, acls }: Band, node: string): string[] {
  const isolated = isolatedBy.length === 0 ? [] : [`isolated by ${isolatedBy.join(', ')}`]
  const nobody = effect === 'deny' ? 'no rule lets it through' : 'no rule is about it'
  const said = [...isolated, ...(rules.length > 0 ? rules : [nobody])]
  return [
    ...said.map((text, i) => `  ${(i === 0 ? band : '').padEnd(9)} ${text}`),
    ...counted.map(one => `            ${countText(one, node)}`),
    ...acls.flatMap(({ uuid, tier, priority, direction, match, action, cookies }) => [
      `            ACL ${uuid.slice(0, 8)} ${tier === undefined ? '' : `tier ${tier} `}${direction} ${priority} ${action}: ${match}`,
      ...cookies.map(cookie => `            flows on ${node}: ovs-ofctl dump-flows br-int cookie=${cookie}/-1`),
    ]),
  ]
}

const countText = ({ series, packets }: Band['counted'][number], node: string) =>
  packets === undefined
    ? `counts on ${node} (which does not tell): ${series}`
    : `counted on ${node}: ${series} ${packets}`

/** OVN may be behind for a moment, or somebody else's rules may be there. */
function traceLines(allowed: boolean, { verdict, output }: NonNullable<Answer['trace']>): string[] {
  const differs = allowed === (verdict === 'dropped')
  return [`ovn-trace: ${verdict}${differs ? ', which is not what the policies say' : ''}`, ...indented(output)]
}

const indented = (text: string) =>
  text
    .trim()
    .split('\n')
    .map(line => `  ${line}`)
