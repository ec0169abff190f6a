/** The annotation that says that a pod has its network. */
export const annotation = 'k8s.ovn.org/pod-networks'

/** The smallest pod that the API takes, on a node that nobody runs. */
export const podOf = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'bench' } },
  spec: {
    nodeName: 'n0',
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    containers: [{ name: 'c', image: 'x' }],
  },
})

/** A merge patch of the size that the controller writes. */
export const patchOf = (name: string) => ({
  metadata: {
    annotations: {
      [annotation]: JSON.stringify({
        default: {
          ip_addresses: ['10.244.100.100/16'],
          mac_address: '0a:58:0a:f4:64:64',
          gateway_ips: ['10.244.0.1'],
          routes: [{ dest: '10.96.0.0/16', nextHop: '10.244.0.1' }],
        },
      }),
      'zstack.io/pod-ip': '10.244.100.100',
      'zstack.io/pod-mac': '0a:58:0a:f4:64:64',
      'zstack.io/pod-uid': '01234567-89ab-cdef-0123-456789abcdef',
      'zstack.io/subnet': 'default',
      'zstack.io/logical-switch': 'subnet-default',
      'zstack.io/logical-switch-port': `bench_${name}`,
    },
  },
})
