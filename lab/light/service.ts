import type { Machine } from '../machine/machine.ts'
import type { Service } from '../machine/service.ts'
import { writeAtomically } from '../state/record.ts'

export interface LightKubeletServiceOptions {
  readonly addresses: readonly string[]
  readonly zone: string
  readonly kubeconfig: string
  readonly agnhost: string
}

const kubeconfigPath = '/etc/kubernetes/kubelet.kubeconfig'

/** The light kubelet as a node's service, under the name of the one whose part it plays. */
export const lightKubeletService = (machine: Machine, options: LightKubeletServiceOptions): Service => ({
  name: 'kubelet',
  prepare: async () => writeAtomically(`${machine.disk}${kubeconfigPath}`, options.kubeconfig, 0o600),
  argv: [
    process.execPath,
    new URL('main.ts', import.meta.url).pathname,
    `--node=${machine.name}`,
    `--addresses=${options.addresses.join(',')}`,
    `--zone=${options.zone}`,
    `--kubeconfig=${kubeconfigPath}`,
    `--agnhost=${options.agnhost}`,
  ],
})
