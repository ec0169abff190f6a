import { readFileSync } from 'node:fs'
import { type LoadBalancerPool, loadBalancerPools } from '@ovnkit/cni-api'
import { environmentOf } from '../environment.ts'
import type { Lab } from '../lab.ts'
import { type LabOptions, startLab } from '../start.ts'
import type { LabNetwork } from '../state/plan.ts'
import type { Progress } from '../state/progress.ts'
import { run } from '../state/run.ts'

const coredns = new URL('../scenarios/manifests/coredns.yaml', import.meta.url).pathname

/** A cluster as the suite expects one: its images, zones, DNS behind a Service, and addresses for load balancers. One of the same name is taken as it is. */
export async function startCluster(options: LabOptions & { readonly progress: Progress }): Promise<Lab> {
  const lab = await startLab({ ...options, mode: 'full', images: 'conformance', openvswitch: 'newer' })
  const env = await environmentOf(lab)
  const text = readFileSync(coredns, 'utf8').replace('LAB_DNS_SERVICE', lab.plan.dnsService)
  await run(['kubectl', 'apply', '-f', '-'], { env, stdin: text })
  await run(['kubectl', 'apply', '-f', '-'], { env, stdin: JSON.stringify(poolOf(lab)) })
  await Promise.all([letApiServerIn(lab), moveClientAway(lab)])
  const wait = ['-n', 'kube-system', 'rollout', 'status', 'deployment', 'coredns', '--timeout=180s']
  await options.progress.step('names are served', () => run(['kubectl', ...wait], { env }))
  return lab
}

/** Addresses of the nodes' network that neither nodes nor other machines of the lab have. */
function poolRange({ family, control }: LabNetwork): string {
  const network = control.slice(0, -1)
  return family === 4 ? `${network}224/28` : `${network}1:0/120`
}

function poolOf(lab: Lab): LoadBalancerPool {
  const { group, version, kind } = loadBalancerPools
  const addresses = lab.plan.networks.map(poolRange)
  return { apiVersion: `${group}/${version}`, kind, metadata: { name: 'lan' }, spec: { addresses } }
}

/**
 * The suite takes an address near the nodes' own for one of theirs, so its questions to load balancers come from far away: from a documentation range (RFC 5737, RFC 3849) that is
 * behind the host's end of the lab's wire.
 */
async function moveClientAway(lab: Lab): Promise<void> {
  const { uplink, networks } = lab.plan
  for (const network of networks) {
    const { family, host } = network
    const address = family === 4 ? `198.51.100.${lab.record.slot}` : `2001:db8::${lab.record.slot.toString(16)}`
    const lines = [
      `address replace ${address}/${family === 4 ? 32 : 128} dev ${uplink}${family === 4 ? '' : ' nodad'}`,
      `route replace ${poolRange(network)} dev ${uplink} src ${address}`,
    ]
    await run(['ip', '-batch', '-'], { stdin: `${lines.join('\n')}\n` })
    await lab.exec('control', ['ip', 'route', 'replace', address, 'via', host])
  }
  await lab.exec('control', ['sysctl', '-qw', 'net.ipv6.conf.all.forwarding=1'])
}

/**
 * The API server proxies requests to pods, so its machine needs a way to them; it is no node of the cluster, so the first node stands for it.
 */
async function letApiServerIn(lab: Lab): Promise<void> {
  const [node = ''] = lab.nodes
  const ranges = lab.record.podCidr.split(',')
  const routes = lab.plan.networks.map(({ family, node: address }) => {
    const range = ranges.find(one => one.includes(':') === (family === 6))
    return `route replace ${range} via ${address(node)}\n`
  })
  await lab.exec('control', ['ip', '-batch', '-'], { stdin: routes.join('') })
  const rules = lab.plan.networks.map(
    ({ family, control }) =>
      `add rule inet lab api ${family === 6 ? 'ip6' : 'ip'} saddr ${control} oifname "ovn-mp0" masquerade\n`,
  )
  const chain = 'add chain inet lab api { type nat hook postrouting priority 90; }\n'
  await lab.exec(node, ['nft', '-f', '-'], {
    stdin: `add table inet lab\ndelete table inet lab\nadd table inet lab\n${chain}${rules.join('')}`,
  })
}
