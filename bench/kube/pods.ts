import type { KubeClient, Pod } from '@ovnkit/kube'
import { resources } from '@ovnkit/kube'

export const NAMESPACE = 'bench'

/** Runs `task` for 0..n-1 with so many at once. */
export async function inParallel(n: number, width: number, task: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < n) await task(next++)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

export const podName = (i: number) => `bench-${String(i).padStart(5, '0')}-7d9c5b6f4-x2x9z`

/** A pod as a Deployment makes it: about 6 KB of JSON when the server has added defaults, status and managedFields. */
export function benchPod(i: number): Pod {
  const env = Array.from({ length: 8 }, (_, k) => ({ name: `SETTING_${k}`, value: `value-${k}-of-the-container` }))
  const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10, failureThreshold: 3 }
  const container = {
    image: 'registry.example.com/team/application:1.24.3',
    env,
    resources: { limits: { memory: '256Mi' } },
  }
  return {
    metadata: {
      namespace: NAMESPACE,
      name: podName(i),
      labels: { app: 'bench', 'app.kubernetes.io/instance': `group-${i % 100}`, 'pod-template-hash': '7d9c5b6f4' },
      annotations: { 'checksum/config': '5f4dcc3b5aa765d61d8327deb882cf99', 'prometheus.io/scrape': 'true' },
    },
    spec: {
      nodeName: `node-${i % 100}`,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      containers: [
        {
          ...container,
          name: 'main',
          ports: [{ containerPort: 8080, name: 'http' }],
          readinessProbe: probe,
          livenessProbe: probe,
        },
        { ...container, name: 'sidecar' },
      ],
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
    },
  }
}

/** What the CNI writes to a pod. */
export function podNetwork(i: number, round: number): Record<string, string> {
  const ip = `10.244.${i >> 8}.${i & 255}`
  const network = {
    ip_addresses: [`${ip}/16`],
    mac_address: '0a:58:0a:f4:00:01',
    gateway_ips: ['10.244.0.1'],
    routes: [],
  }
  return {
    'k8s.ovn.org/pod-networks': JSON.stringify({ default: network }),
    'zstack.io/pod-ip': ip,
    'zstack.io/subnet': `subnet-${round}`,
  }
}

/** Creates `n` pods, each annotated by one PATCH. */
export async function createPods(client: KubeClient, n: number): Promise<void> {
  await client.create(resources.namespaces, { metadata: { name: NAMESPACE } })
  await inParallel(n, 32, async i => {
    await client.create(resources.pods, benchPod(i))
    await client.mergePatch(
      resources.pods,
      { namespace: NAMESPACE, name: podName(i) },
      { metadata: { annotations: podNetwork(i, 0) } },
    )
  })
}
