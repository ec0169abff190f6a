import { stringify } from 'yaml'
import type { Machine } from '../machine/machine.ts'
import { tryIn } from '../machine/machine.ts'
import type { Service } from '../machine/service.ts'
import { writeAtomically } from '../state/record.ts'

export interface KubeProxyOptions {
  readonly program: string
  readonly kubeconfig: string
  /** Ranges of pods, with a comma. */
  readonly podCidr: string
}

const folder = '/etc/kubernetes'

/** kube-proxy in nftables mode: what our Services are compared with, and what they must live beside. */
export const kubeProxyService = (machine: Machine, options: KubeProxyOptions): Service => ({
  name: 'kube-proxy',
  prepare: async () => {
    writeAtomically(`${machine.disk}${folder}/kube-proxy.kubeconfig`, options.kubeconfig, 0o600)
    writeAtomically(`${machine.disk}${folder}/kube-proxy.yaml`, stringify(configuration(machine.name, options)))
  },
  argv: [options.program, `--config=${folder}/kube-proxy.yaml`],
  ready: async () =>
    (await tryIn(machine, ['curl', '-sf', '--max-time', '2', 'http://127.0.0.1:10249/healthz'])).code === 0,
})

const configuration = (node: string, { podCidr }: KubeProxyOptions) => ({
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  hostnameOverride: node,
  clusterCIDR: podCidr,
  clientConnection: { kubeconfig: `${folder}/kube-proxy.kubeconfig` },
  metricsBindAddress: '127.0.0.1:10249',
  // The limits of connection tracking belong to the host of the lab.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
})
