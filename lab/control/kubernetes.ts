import type { KubeClient } from '@ovnkit/kube'
import type { Service } from '../machine/service.ts'

export interface ControlPlaneOptions {
  readonly tools: Readonly<Record<'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler', string>>
  readonly address: string
  readonly serviceCidr: string
  /** Where the certificates and kubeconfigs lie inside the machine. */
  readonly pki: string
  readonly client: KubeClient
}

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
    `--listen-metrics-urls=http://${address}:2381`,
  ],
  ready: async () => (await fetch(`http://${address}:2381/health`)).ok,
})

export const apiServerService = ({ tools, address, serviceCidr, pki, client }: ControlPlaneOptions): Service => ({
  name: 'apiserver',
  within: 120_000,
  argv: [
    tools['kube-apiserver'],
    '--etcd-servers=http://127.0.0.1:2379',
    `--service-cluster-ip-range=${serviceCidr}`,
    '--secure-port=6443',
    '--bind-address=0.0.0.0',
    `--advertise-address=${address}`,
    `--client-ca-file=${pki}/ca.crt`,
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--service-account-key-file=${pki}/sa.key`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    `--kubelet-client-certificate=${pki}/admin.crt`,
    `--kubelet-client-key=${pki}/admin.key`,
    '--kubelet-preferred-address-types=InternalIP',
  ],
  ready: async () =>
    (await client.request({ method: 'GET', path: '/readyz', retry: false, timeoutMs: 2000 })).status === 200,
})

export const controllerManagerService = ({ tools, pki }: ControlPlaneOptions): Service => ({
  name: 'controller-manager',
  argv: [
    tools['kube-controller-manager'],
    `--kubeconfig=${pki}/controller-manager.conf`,
    `--service-account-private-key-file=${pki}/sa.key`,
    `--root-ca-file=${pki}/ca.crt`,
    '--use-service-account-credentials=true',
    '--leader-elect=false',
  ],
})

export const schedulerService = ({ tools, pki }: ControlPlaneOptions): Service => ({
  name: 'scheduler',
  argv: [tools['kube-scheduler'], `--kubeconfig=${pki}/scheduler.conf`, '--leader-elect=false'],
})
