/** Public names of the product. Users, other programs and data that already exists depend on them: promises. */

export const apiGroup = 'network.zstack.io'
export const apiVersion = 'v1'

/** Program names, also the names of their Kubernetes objects. */
export const programs = {
  controller: 'zstack-ovnkube-controller',
  node: 'zstack-ovnkube-node',
  plugin: 'zstack-ovn-cni',
} as const

export const leaseName = 'zstack-ovnkube-controller-leader'

export const annotationNames = {
  pod: {
    /** The network of a pod as JSON, `formatPodNetworks`; written by the controller. */
    podNetworks: 'k8s.ovn.org/pod-networks',
    /** UID of the pod that `podNetworks` is of: a record that came with a copied manifest has another one, or none. */
    podUid: 'zstack.io/pod-uid',
    /** Copies for people: addresses and MAC with commas, names of Subnet, switch and port; written by the controller. */
    podIp: 'zstack.io/pod-ip',
    podMac: 'zstack.io/pod-mac',
    logicalSwitch: 'zstack.io/logical-switch',
    logicalSwitchPort: 'zstack.io/logical-switch-port',
    /** The Subnet that a user asks for, and a copy of the one that was chosen. */
    subnet: 'zstack.io/subnet',
    /** Another spelling of the request. */
    subnetRequest: 'network.zstack.io/subnet',
    /** Addresses that a user asks for, one of each family with a comma. */
    ipAddressRequest: 'network.zstack.io/ip-address',
    /** Port groups that the pod's port joins, with commas; on Subnets and namespaces too. */
    securityGroups: 'zstack.io/security-groups',
    /** Kubernetes' own: bits per second that the pod may receive and send, as quantities; `readBandwidth`. */
    ingressBandwidth: 'kubernetes.io/ingress-bandwidth',
    egressBandwidth: 'kubernetes.io/egress-bandwidth',
    /** How the pod is attached: `kernel` (as without), `vhost-user`, or `auto`: vhost-user on nodes that have it. */
    interfaceType: 'network.zstack.io/interface-type',
  },
  node: {
    /** `address/prefix` of the management port in the join network, one of each family; written by the controller. */
    joinAddress: 'zstack.io/node-join-address',
    /** `system-id` of the node's Open vSwitch, the chassis name; written by the agent. */
    chassis: 'zstack.io/node-chassis',
    /** `true` where somebody else leads the node's ovn-controller: a hypervisor, whose chassis is not ours; written by the agent. */
    foreignChassis: 'zstack.io/node-foreign-chassis',
    /** The encapsulation that may be used; written by the controller. */
    tunnelType: 'zstack.io/node-tunnel-type',
    /** Why the configured encapsulation may not be used, and what to do; written by the controller. */
    tunnelProblem: 'zstack.io/node-tunnel-problem',
    /** Tunnel end points, with commas; written by the agent. */
    tunnelIp: 'zstack.io/node-tunnel-ip',
    /** Every address of the host that pods can be sent to, with commas; written by the agent. */
    addresses: 'zstack.io/node-addresses',
    /** MTU of pods' interfaces on this node; written by the agent. */
    mtu: 'zstack.io/node-mtu',
    /** How the node fares with each ProviderNetwork, `formatProviderStates`; written by the agent. */
    providerNetworks: 'zstack.io/provider-networks',
    /** The node's place in the outer network in gateway mode shared, `formatNodeGateway`; written by the agent. */
    gateway: 'zstack.io/node-gateway',
    /** Addresses of provider networks that somebody else has, `formatAddressConflicts`; written by the agent. */
    addressConflicts: 'zstack.io/address-conflicts',
    /** `ready` where pods can have vhost-user ports, else why they cannot; written by the agent when `dpdk.enabled` is on. */
    dpdk: 'zstack.io/node-dpdk',
    /** The block of addresses that the node takes first; written by the controller. */
    subnet: 'zstack.io/node-subnet',
    /** Mode of a kube-proxy whose rules are on the node; written by the agent, absent where there are none. */
    kubeProxy: 'zstack.io/kube-proxy',
  },
  namespace: {
    /** How loud decisions of the namespace's policies are told: `{"allow": "info", "deny": "warning"}`. */
    aclLogging: 'zstack.io/acl-logging',
    /** Another spelling. */
    aclLoggingOvn: 'k8s.ovn.org/acl-logging',
  },
  service: {
    /** Addresses that a user asks for, one of each family with a comma; as `spec.loadBalancerIP`, which has one. */
    loadBalancerIps: 'network.zstack.io/load-balancer-ips',
    /** The LoadBalancerPool that a user asks for. */
    loadBalancerPool: 'network.zstack.io/load-balancer-pool',
    /** The LoadBalancerPool that the Service's addresses are of: says that they are ours; written by the controller. */
    recordedPool: 'zstack.io/load-balancer-pool',
    /** The node that holds the Service's addresses and announces them; written by the controller. */
    loadBalancerNode: 'zstack.io/load-balancer-node',
  },
} as const

/** `spec.loadBalancerClass` of Services that want addresses of ours; those without a class get them too. */
export const loadBalancerClass = 'network.zstack.io/load-balancer'

/** Set by the kubelet on the mirror of a static pod: the hash of its configuration, which is the UID that it gives the pod in CNI_ARGS. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror'

export const externalIds = {
  managedBy: 'zstack.io/managed-by',
  /** Which cluster's, in an OVN that is not the cluster's own: UID of its namespace `kube-system`. */
  cluster: 'zstack.io/cluster',
  owner: 'zstack.io/owner',
  namespace: 'namespace',
  pod: 'pod',
  podUid: 'pod-uid',
  /** Groups of others that a pod's port was put into, with commas: by it the next controller takes it out again. */
  securityGroups: 'zstack.io/security-groups',
  service: 'service',
  /** Of an ACL: the policies that it is of, `Kind/namespace/name`, with blanks. */
  policies: 'zstack.io/policies',
  /** Of an address set: the domain name that it is of, for people. */
  domainName: 'zstack.io/domain-name',
  /** Of a port group or address set: which pods are in it, for people. */
  group: 'zstack.io/pod-group',
} as const

/** Value of `externalIds.managedBy` on what is ours. */
export const managedBy = 'zstack-ovn-kubernetes'

/** Keys in `external_ids` of an Interface of the local Open vSwitch. */
export const interfaceIds = {
  ifaceId: 'iface-id',
  /** UID of the Pod object: ovn-controller binds the port when its option of the same name agrees. */
  ifaceIdVer: 'iface-id-ver',
  attachedMac: 'attached-mac',
  ipAddresses: 'ip_addresses',
  /** Container ID of the sandbox. */
  sandbox: 'sandbox',
  /** Interface name inside the sandbox. */
  sandboxInterface: 'zstack.io/sandbox-interface',
  /** Path of the sandbox's network namespace. */
  netns: 'zstack.io/netns',
  /** Of a vhost-user port: the pod's name of its socket; the folder around it is the pod's own. */
  vhostSocket: 'zstack.io/vhost-socket',
  /** Set by ovn-controller when all flows of the port are in place. */
  ovnInstalled: 'ovn-installed',
} as const

export const integrationBridge = 'br-int'
/** Gateway mode shared: the bridge that holds the NIC, and what OVN calls the network behind it (`ovn-bridge-mappings`). */
export const externalBridge = 'br-ex'
export const externalNetwork = 'zstack-external'
export const clusterRouter = 'cluster'
export const joinSwitch = 'join'
/** The host's way into the logical network: an internal port on the integration bridge. */
export const managementInterface = 'ovn-mp0'

/** What takes a pod's place as source where it calls itself through a Service (OVN's `hairpin_snat_ip`). */
export const hairpinSources = { 4: '169.254.169.5', 6: 'fd69::5' } as const

/** Name of the logical port of a pod, and `iface-id` of its interface. */
export function podPortName(namespace: string, pod: string): string {
  return `${namespace}_${pod}`
}

/** Name of the logical port of a node's management port. */
export function nodePortName(node: string): string {
  return `node-${node}`
}

/** Names of the Logical_Router and of the outer Logical_Switch of a node in gateway mode shared. */
export function gatewayRouterName(node: string): string {
  return `gw-${node}`
}
export function externalSwitchName(node: string): string {
  return `ext-${node}`
}

/** Name of the Logical_Switch of a Subnet. */
export function subnetSwitchName(subnet: string): string {
  return `subnet-${subnet}`
}

export const paths = {
  config: '/etc/zstack-ovn/config.yaml',
  /** What the agent took from the NIC, to be given back. */
  gatewayState: '/var/lib/zstack-ovn/gateway.json',
  cniSocket: '/var/run/zstack-ovn/cni-server.sock',
  cniBinDir: '/opt/cni/bin',
  cniConfDir: '/etc/cni/net.d',
  cniConfFile: '10-zstack-ovn.conflist',
  ovsDatabase: 'unix:/var/run/openvswitch/db.sock',
  nbDatabase: 'unix:/var/run/ovn/ovnnb_db.sock',
  sbDatabase: 'unix:/var/run/ovn/ovnsb_db.sock',
} as const

/** Name of the address set with the pods that leave with an address of an EgressIP. */
export function egressSetName(address: string): string {
  return `egress_${address.replaceAll(':', '_')}`
}
