import { cpSync } from 'node:fs'
import type { KubeClient } from '@ovnkit/kube'
import type { Machine } from '../machine/machine.ts'
import type { Service } from '../machine/service.ts'
import { inUrl } from '../state/plan.ts'
import { writeAtomically } from '../state/record.ts'
import type { Pki } from './pki.ts'

export interface ControlPlaneOptions {
  readonly machine: Machine
  readonly tools: Readonly<Record<'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler', string>>
  readonly address: string
  readonly serviceCidr: string
  readonly pki: Pki
  /** Content of the kubeconfig of a certificate's user. */
  readonly kubeconfig: (name: string) => string
  readonly client: () => Promise<KubeClient>
  /** Whether a controller manager makes service accounts. */
  readonly controllers: boolean
}

/** Where the certificates lie inside the machine. */
const pki = '/etc/kubernetes/pki'

export const etcdService = ({ tools, address }: ControlPlaneOptions): Service => ({
  name: 'etcd',
  argv: [
    tools.etcd,
    '--data-dir=/var/lib/etcd',
    // A lab's disk is thrown away; etcd's fsync would dominate every write.
    '--unsafe-no-fsync',
    '--listen-client-urls=http://127.0.0.1:2379',
    '--advertise-client-urls=http://127.0.0.1:2379',
    '--listen-peer-urls=http://127.0.0.1:2380',
    '--initial-advertise-peer-urls=http://127.0.0.1:2380',
    '--initial-cluster=default=http://127.0.0.1:2380',
    `--listen-metrics-urls=http://${inUrl(address)}:2381`,
  ],
  ready: async () => (await fetch(`http://${inUrl(address)}:2381/health`)).ok,
})

export const apiServerService = (options: ControlPlaneOptions): Service => ({
  name: 'apiserver',
  within: 120_000,
  prepare: async () => cpSync(options.pki.folder, `${options.machine.disk}${pki}`, { recursive: true }),
  argv: [
    options.tools['kube-apiserver'],
    '--etcd-servers=http://127.0.0.1:2379',
    `--service-cluster-ip-range=${options.serviceCidr}`,
    '--secure-port=6443',
    `--bind-address=${options.address.includes(':') ? '::' : '0.0.0.0'}`,
    `--advertise-address=${options.address}`,
    '--cert-dir=/run/kubernetes',
    `--client-ca-file=${pki}/ca.crt`,
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--service-account-key-file=${pki}/sa.crt`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    `--kubelet-client-certificate=${pki}/admin.crt`,
    `--kubelet-client-key=${pki}/admin.key`,
    '--kubelet-preferred-address-types=InternalIP',
    // Without the controller manager nobody makes the account `default`, and admission would refuse every pod.
    ...(options.controllers ? [] : ['--disable-admission-plugins=ServiceAccount']),
  ],
  ready: async () => {
    const client = await options.client()
    const answer = await client.request({ method: 'GET', path: '/readyz', retry: false, timeoutMs: 2000 })
    return answer.status === 200
  },
})

/** Where a program's kubeconfig lies inside the machine. */
const kubeconfigPath = (name: string) => `/etc/kubernetes/${name}.kubeconfig`

const placeKubeconfig = ({ machine, kubeconfig }: ControlPlaneOptions, name: string) =>
  writeAtomically(`${machine.disk}${kubeconfigPath(name)}`, kubeconfig(name), 0o600)

export const controllerManagerService = (options: ControlPlaneOptions): Service => ({
  name: 'controller-manager',
  prepare: async () => placeKubeconfig(options, 'controller-manager'),
  argv: [
    options.tools['kube-controller-manager'],
    `--kubeconfig=${kubeconfigPath('controller-manager')}`,
    `--service-account-private-key-file=${pki}/sa.key`,
    `--root-ca-file=${pki}/ca.crt`,
    '--use-service-account-credentials=true',
    '--leader-elect=false',
    '--secure-port=0',
  ],
  // Its first work that others wait for: without this account no pod can be created.
  ready: async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/default'
    const answer = await (await options.client()).request({ method: 'GET', path, retry: false, timeoutMs: 2000 })
    return answer.status === 200
  },
})

export const schedulerService = (options: ControlPlaneOptions): Service => ({
  name: 'scheduler',
  prepare: async () => placeKubeconfig(options, 'scheduler'),
  argv: [
    options.tools['kube-scheduler'],
    `--kubeconfig=${kubeconfigPath('scheduler')}`,
    '--leader-elect=false',
    '--secure-port=0',
  ],
})
