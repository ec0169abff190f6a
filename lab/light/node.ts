import { isApiError, type KubeClient, resources } from '@ovnkit/kube'
import { networkConfiguration } from './cni.ts'

/** What kubelet says about its node: it is there, has these addresses, and is Ready once there is a network configuration. */
export async function registerNode(
  client: KubeClient,
  { name, addresses, zone }: { name: string; addresses: readonly string[]; zone: string },
): Promise<void> {
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'topology.kubernetes.io/zone': zone,
  }
  try {
    await client.create(resources.nodes, {
      metadata: { name, labels },
    })
  } catch (error) {
    if (!isApiError(error, 'alreadyExists')) throw error
  }
  const resourcesOfNode = { pods: '1000', cpu: '64', memory: '256Gi' }
  await client.patchStatus(
    resources.nodes,
    { name },
    {
      addresses: [...addresses.map(address => ({ type: 'InternalIP', address })), { type: 'Hostname', address: name }],
      capacity: resourcesOfNode,
      allocatable: resourcesOfNode,
    },
  )
  await reportReadiness(client, name)
}

let reported: boolean | undefined

/** Tells the API server whether the node is Ready, when that changed; true when it is. */
export async function reportReadiness(client: KubeClient, name: string): Promise<boolean> {
  const ready = networkConfiguration() !== undefined
  if (ready === reported) return ready
  const now = new Date().toISOString()
  const condition = {
    type: 'Ready',
    status: ready ? 'True' : 'False',
    reason: ready ? 'LightKubelet' : 'NetworkNotReady',
    message: ready ? 'a lab node without containers' : 'no network configuration in /etc/cni/net.d',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  }
  await client.patchStatus(resources.nodes, { name }, { conditions: [condition] })
  reported = ready
  return ready
}

/**
 * The node's heartbeat: without one the node controller calls it dead after 40 s. What it said about the node meanwhile is not
 * what was reported here, so that is reported again.
 */
export async function beat(client: KubeClient, name: string): Promise<void> {
  await renewLease(client, name)
  const { status } = await client.get(resources.nodes, { name })
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status
  if (ready !== (reported === true ? 'True' : 'False')) reported = undefined
}

async function renewLease(client: KubeClient, name: string): Promise<void> {
  const lease = {
    leaseDurationSeconds: 40,
    holderIdentity: name,
    renewTime: `${new Date().toISOString().slice(0, -1)}000Z`,
  }
  const object = { metadata: { name, namespace: 'kube-node-lease' }, spec: lease }
  await client.apply(resources.leases, object, { fieldManager: 'lab', force: true })
}
