import { isApiError, type KubeClient, resources } from '@ovnkit/kube'

/** What kubelet would say about its node, for labs without one: it is there, ready, and has these addresses. */
export async function registerNode(client: KubeClient, name: string, addresses: readonly string[]): Promise<void> {
  const now = new Date().toISOString()
  try {
    await client.create(resources.nodes, {
      metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
    })
  } catch (error) {
    if (!isApiError(error, 'alreadyExists')) throw error
  }
  // The controller manager's taint on new nodes would keep the scheduler away, and nobody here renews a lease.
  await client.mergePatch(resources.nodes, { name }, { spec: { taints: null } })
  await client.patchStatus(
    resources.nodes,
    { name },
    {
      addresses: [...addresses.map(address => ({ type: 'InternalIP', address })), { type: 'Hostname', address: name }],
      capacity: { pods: '1000', cpu: '64', memory: '256Gi' },
      allocatable: { pods: '1000', cpu: '64', memory: '256Gi' },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'LabNode',
          message: 'a lab node without kubelet',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
    },
  )
}
