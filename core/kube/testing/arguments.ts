import { join } from 'node:path'
import type { ControlPlaneOptions } from './control-plane.ts'
import type { Identities } from './identities.ts'

interface Common {
  readonly folder: string
  readonly identities: Identities
  readonly kubeconfig: string
  readonly options: ControlPlaneOptions
}

const DEFAULT_SERVICE_CIDR = '10.96.0.0/16'

export function apiServerArgs(
  given: Common & { readonly etcd: string; readonly host: string; readonly port: number },
): string[] {
  const { folder, identities, options, etcd, host, port } = given
  const { ca, apiServer, admin, serviceAccounts } = identities
  // Without the controller manager nobody makes the account `default`, and admission would refuse every pod.
  const noAccounts = options.controllerManager === true ? [] : ['--disable-admission-plugins=ServiceAccount']
  return [
    `--etcd-servers=${etcd}`,
    `--service-cluster-ip-range=${options.serviceCidr ?? DEFAULT_SERVICE_CIDR}`,
    `--secure-port=${port}`,
    `--bind-address=${options.bindAddress ?? '127.0.0.1'}`,
    `--advertise-address=${host}`,
    `--cert-dir=${join(folder, 'certs')}`,
    `--client-ca-file=${ca.cert}`,
    `--tls-cert-file=${apiServer.cert}`,
    `--tls-private-key-file=${apiServer.key}`,
    `--service-account-key-file=${serviceAccounts.publicKey}`,
    `--service-account-signing-key-file=${serviceAccounts.key}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    `--kubelet-client-certificate=${admin.cert}`,
    `--kubelet-client-key=${admin.key}`,
    '--kubelet-preferred-address-types=InternalIP',
    ...noAccounts,
    ...(options.apiServerArgs ?? []),
  ]
}

export function controllerManagerArgs({ identities, kubeconfig, options }: Common): string[] {
  const { ca, serviceAccounts } = identities
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--service-account-private-key-file=${serviceAccounts.key}`,
    `--root-ca-file=${ca.cert}`,
    `--cluster-signing-cert-file=${ca.cert}`,
    `--cluster-signing-key-file=${ca.key}`,
    '--use-service-account-credentials=true',
    '--leader-elect=false',
    '--secure-port=0',
    ...(options.controllerManagerArgs ?? []),
  ]
}

export function schedulerArgs({ kubeconfig }: Common): string[] {
  return [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0']
}
