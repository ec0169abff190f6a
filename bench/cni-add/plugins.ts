import { dirname } from 'node:path'
import { findTool } from '@ovnkit/kube/testing'
import type { BenchNode } from './node.ts'
import { type BenchPod, namespace } from './pods.ts'
import type { Job } from './protocol.ts'

export type Verb = 'ADD' | 'DEL'

/** A pod and the network namespace that it gets. */
export interface Attachment {
  readonly pod: BenchPod
  readonly netns: string
}

/** Starts a plugin for some pods at once; milliseconds of each. Throws when one fails. */
export type Plugin = (verb: Verb, attachments: readonly Attachment[]) => Promise<readonly number[]>

const binDir = '/opt/cni/bin'

/** The product's plugin, as the runtime calls it. */
export function ourPlugin(node: BenchNode): Plugin {
  const input = node.pluginConfig()
  const program = `${binDir}/${JSON.parse(input).type}`
  return runAll(node, (verb, attachment) => ({ program, input, env: environment(verb, attachment, binDir) }))
}

/** The reference: `bridge` with `host-local`, on a Linux bridge of the node. */
export function referencePlugin(node: BenchNode): Plugin {
  const program = findTool('bridge')
  findTool('host-local')
  const ranges = [[{ subnet: '10.200.0.0/16' }]]
  const ipam = { type: 'host-local', dataDir: '/run/host-local', ranges, routes: [{ dst: '0.0.0.0/0' }] }
  const plugin = { type: 'bridge', bridge: 'cni0', isGateway: true, mtu: 1442, ipam }
  const input = JSON.stringify({ cniVersion: '1.0.0', name: 'reference', ...plugin })
  return runAll(node, (verb, attachment) => ({ program, input, env: environment(verb, attachment, dirname(program)) }))
}

function runAll(node: BenchNode, job: (verb: Verb, attachment: Attachment) => Job): Plugin {
  return async (verb, attachments) => {
    const results = await node.run(attachments.map(attachment => job(verb, attachment)))
    const failed = results.find(({ code }) => code !== 0)
    if (failed !== undefined) throw new Error(`${verb} failed: ${failed.output}`)
    return results.map(({ ms }) => ms)
  }
}

/** What containerd passes on from kubelet. */
function environment(verb: Verb, { pod, netns }: Attachment, path: string): Record<string, string> {
  const args = {
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: namespace,
    K8S_POD_NAME: pod.name,
    K8S_POD_INFRA_CONTAINER_ID: pod.containerId,
    K8S_POD_UID: pod.uid,
  }
  return {
    PATH: process.env.PATH ?? '',
    CNI_COMMAND: verb,
    CNI_CONTAINERID: pod.containerId,
    CNI_NETNS: netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH: path,
    CNI_ARGS: Object.entries(args)
      .map(([key, value]) => `${key}=${value}`)
      .join(';'),
  }
}
