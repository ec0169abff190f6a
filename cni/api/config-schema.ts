import { logLevels, parseListenAddress } from '@ovnkit/process'
import * as z from 'zod'
import { addresses, cidrList, cidrs, dnsServers, duration } from './fields.ts'
import { paths } from './names.ts'
import { clusterNamePattern } from './ovn-names.ts'
import { remotesProblem } from './remotes.ts'

const remotes = z.string().refine(text => text === '' || remotesProblem(text) === undefined, {
  error: issue => remotesProblem(String(issue.input)) ?? '',
})

const ssl = z.strictObject({
  enabled: z.boolean().default(false).describe('Speak TLS to the OVN databases; needed for ssl: addresses.'),
  caCert: z.string().default('').describe('File with the certificates of the authorities that are trusted.'),
  clientCert: z.string().default('').describe('File with our certificate.'),
  clientKey: z.string().default('').describe('File with our private key.'),
})

const ovn = z.strictObject({
  mode: z
    .enum(['standalone', 'external'], 'expected standalone or external')
    .default('standalone')
    .describe("standalone: OVN is the product's own; external: OVN belongs to ZStack and is shared."),
  clusterName: z
    .string()
    .refine(text => text === '' || clusterNamePattern.test(text), {
      error: 'expected lower-case letters, digits and hyphens, a letter first, 32 at most',
    })
    .default('')
    .describe(
      'Starts the name of every row, so that several clusters can share one OVN: each needs its own, or one of them none. To be set before the first pod.',
    ),
  nbdbAddress: remotes
    .default('')
    .describe(`Northbound database, with commas when it is a cluster. Empty in standalone mode: ${paths.nbDatabase}.`),
  sbdbAddress: remotes
    .default('')
    .describe(`Southbound database, with commas when it is a cluster. Empty in standalone mode: ${paths.sbDatabase}.`),
  ssl: ssl.prefault({}),
  connectTimeout: duration.prefault('30s').describe('How long one attempt to connect may take.'),
  reconnectInterval: duration
    .prefault('1s')
    .describe('Pause before the second attempt; doubles with each further one.'),
  maxReconnectInterval: duration.prefault('60s').describe('Longest pause between attempts.'),
  monitorAll: z
    .boolean()
    .default(true)
    .describe(
      'ovn-controller keeps the whole Southbound database: cheaper where every network is routed to every other.',
    ),
})

const kubernetes = z.strictObject({
  kubeconfig: z.string().default('').describe("File; empty inside a cluster: the pod's service account."),
  apiServer: z
    .string()
    .default('')
    .describe('URL of the API server, over the one that kubeconfig or service account name.'),
  serviceAccount: z.string().default('').describe('Name of the service account of the pods, for manifests.'),
})

const network = z.strictObject({
  clusterCIDR: cidrs
    .prefault('10.244.0.0/16')
    .describe('Range of the default Subnet, one of each family with a comma.'),
  serviceCIDR: cidrs.prefault('10.96.0.0/16').describe('Range of Services, as the API server has it.'),
  joinCIDR: cidrs
    .prefault('100.64.0.0/16,fd98::/64')
    .describe('Range that joins hosts to the logical network. Must not be in use near the cluster.'),
  nodeSubnetSize: z
    .int('expected a prefix length of 16 to 30')
    .min(16)
    .max(30)
    .default(24)
    .describe('Prefix length of the block of addresses that a node takes first.'),
  mtu: z
    .int('expected 0 or an MTU of 576 to 65535')
    .max(65_535)
    .refine(mtu => mtu === 0 || mtu >= 576, 'expected 0 or an MTU of 576 to 65535')
    .default(0)
    .describe("MTU of pods' interfaces; 0: that of the tunnel's interface minus the encapsulation."),
})

const gateway = z.strictObject({
  mode: z
    .enum(['local', 'shared'], 'expected local or shared')
    .default('local')
    .describe("local: pods leave through the host's own routing; shared: through a bridge that holds the NIC."),
  interface: z.string().default('').describe('The NIC for mode shared.'),
  nextHop: addresses.prefault('').describe("The network's router for mode shared; empty: the host's default route."),
  vlanID: z.int().min(0).max(4094).default(0).describe('VLAN of the external network in mode shared; 0: none.'),
  probePort: z
    .int('expected a port number')
    .min(1)
    .max(65_535)
    .default(8083)
    .describe(
      'TCP port of nodes that the controller asks for a sign of life where addresses live on one node (EgressIP, LoadBalancerPool); any answer counts, a refusal too, so nothing needs to listen.',
    ),
  excludedCIDRs: cidrList
    .prefault([])
    .describe("List of destinations outside that see pods' own addresses: they are never translated to the node's."),
})

const tunnel = z.strictObject({
  type: z
    .enum(['vxlan', 'geneve'], 'expected vxlan or geneve')
    .default('vxlan')
    .describe('Encapsulation between nodes.'),
  port: z
    .int('expected a port number')
    .min(0)
    .max(65_535)
    .default(0)
    .describe('UDP port; 0: 4789 for vxlan, 6081 for geneve.'),
  encapIP: addresses
    .prefault('')
    .describe("This node's tunnel address; empty: that of gateway.interface, else the node's InternalIP."),
})

const dpdk = z.strictObject({
  enabled: z
    .boolean()
    .default(false)
    .describe('Pods that ask for it (network.zstack.io/interface-type) get vhost-user ports on nodes that can.'),
  socketDir: z
    .string()
    .default('/var/run/openvswitch')
    .describe('Folder of the vhost-user sockets; in mode server the one in which Open vSwitch makes them.'),
  socketMode: z.enum(['client', 'server']).default('client').describe('What Open vSwitch is on those sockets.'),
  queues: z.int().min(1).max(1024).default(1).describe('Queue pairs that programs in pods are told to use.'),
  minHugepagesMB: z.int().min(0).default(1024).describe('A node with less memory in huge pages does not use DPDK.'),
})

const cni = z.strictObject({
  socketPath: z.string().startsWith('/').default(paths.cniSocket).describe('Where the plugin finds the agent.'),
  confDir: z.string().startsWith('/').default(paths.cniConfDir).describe('Folder of network configurations.'),
  confFile: z
    .string()
    .regex(/^[^/]+\.conflist$/, 'expected a file name that ends in .conflist')
    .default(paths.cniConfFile)
    .describe('Name of the network configuration; the first one in the folder by name is used.'),
  binDir: z
    .string()
    .startsWith('/')
    .default(paths.cniBinDir)
    .describe('Folder of the plugin. Empty: it is not installed.'),
  timeout: duration.prefault('110s').describe('How long an ADD waits; below the 120 s that container runtimes wait.'),
})

const ovs = z.strictObject({
  database: z.string().default(paths.ovsDatabase).describe("Database of the node's Open vSwitch."),
  datapathType: z
    .enum(['auto', 'system', 'netdev'])
    .default('auto')
    .describe(
      'Datapath of the integration bridge; auto: as the bridge has it, else system where the kernel module is there.',
    ),
})

const service = z.strictObject({
  kubeProxyReplacement: z.boolean().default(true).describe('Services are ours; false: a kube-proxy serves the hosts.'),
  healthzBindAddress: z
    .string()
    .refine(text => text === '' || isListenAddress(text), 'expected an address like :10256, or nothing')
    .default(':10256')
    .describe("Where a node answers load balancers' /healthz, as kube-proxy does; empty: nowhere."),
  sessionAffinity: z
    .enum(['auto', 'timeout', 'hash'], 'expected auto, timeout or hash')
    .default('auto')
    .describe(
      "timeout: OVN's affinity, with each Service's own timeout up to 65,535 s; it loses a client's first connection. " +
        'hash: by the client, for as long as the endpoints stay the same; loses nothing and never ends. ' +
        "auto: timeout where a Service names one other than Kubernetes' default of 10,800 s, else hash.",
    ),
})

const networkPolicy = z.strictObject({
  alwaysAllowDNS: z
    .boolean()
    .default(false)
    .describe(
      "Pods may always ask the cluster's DNS (pods k8s-app=kube-dns in kube-system, and 169.254.20.10), whatever NetworkPolicies select them.",
    ),
  dnsServers: dnsServers
    .prefault(['kube-system/kube-dns'])
    .describe(
      'DNS servers whose answers tell policies the addresses of domain names: addresses, networks, or Services as namespace/name, of which the cluster addresses count.',
    ),
  domainNameGrace: duration
    .prefault('10m')
    .describe('How long an address of a domain name is kept at least after its DNS answer has run out.'),
  logRate: z
    .int('expected a number of lines')
    .min(1)
    .max(100_000)
    .default(20)
    .describe('Most log lines a second and node about decisions of policies; the rest is left out.'),
  counters: z
    .boolean()
    .default(true)
    .describe(
      "Nodes' /metrics counts the packets of each policy. Costs something when it is read: the flows of the node, and after changes of policies the ACLs of both OVN databases.",
    ),
})

const logging = z.strictObject({
  level: z.enum(logLevels).default('info').describe('Least important lines that are written.'),
  format: z.enum(['json', 'text']).default('json').describe('text is for eyes.'),
  file: z.string().default('').describe('File to append to; empty: standard output.'),
})

/** Every key of the product's configuration file, with its default and its meaning. */
export const configSchema = z.strictObject({
  ovn: ovn.prefault({}),
  kubernetes: kubernetes.prefault({}),
  network: network.prefault({}),
  gateway: gateway.prefault({}),
  tunnel: tunnel.prefault({}),
  dpdk: dpdk.prefault({}),
  cni: cni.prefault({}),
  ovs: ovs.prefault({}),
  service: service.prefault({}),
  networkPolicy: networkPolicy.prefault({}),
  logging: logging.prefault({}),
})

function isListenAddress(text: string): boolean {
  try {
    parseListenAddress(text)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
