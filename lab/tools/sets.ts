/** Programs that come from one Go module at one version: different sets want different versions of the same dependencies. */
export interface ToolSet {
  readonly name: string
  readonly version: string
  /** Import paths of the commands; a program has the name of its last part. */
  readonly commands: readonly string[]
  /** Import paths of packages whose tests become a program, named `<last part>.test`. */
  readonly tests?: readonly string[]
  /** The folder of `modules` that it is built from. Default: its name. */
  readonly module?: string
  /** Files that are taken from a Go module as they are, by their paths in it. */
  readonly files?: { readonly module: string; readonly paths: readonly string[] }
  /** Built when somebody asks for it by name only. */
  readonly optional?: boolean
  readonly tags?: readonly string[]
  /** -X settings of the linker: variable -> value. */
  readonly variables?: Readonly<Record<string, string>>
  /** Needs a C compiler and these headers. */
  readonly cgo?: boolean
  /** Roughly how long a build takes on two cores with an empty cache; only for showing. */
  readonly about: string
  /** May programs found on PATH take the place of a build? `bridge` there is another program. */
  readonly onPath: boolean
}

const kubernetes = 'v1.36.3'
const component = 'k8s.io/component-base/version'
const plugins = 'github.com/containernetworking/plugins/plugins'
// Without them the API server reports v0.0.0.
const variables = {
  [`${component}.gitVersion`]: kubernetes,
  [`${component}.gitMajor`]: '1',
  [`${component}.gitMinor`]: '36',
}
const containerd = 'github.com/containerd/containerd/v2/cmd'

const policyApi = [
  { api: 'v1alpha1', version: 'v0.1.7', kinds: ['adminnetworkpolicies', 'baselineadminnetworkpolicies'] },
  { api: 'v1alpha2', version: 'v0.2.0', kinds: ['clusternetworkpolicies'] },
] as const

/** Versions of the network policy API that have a conformance suite. */
export const policyApiVersions = policyApi.map(({ api }) => api)

/** Names of the definitions of the network policy API, as `kubectl get crd` has them. */
export const policyDefinitions = policyApi.flatMap(({ kinds }) => kinds.map(kind => `${kind}.policy.networking.k8s.io`))

/** Name of the set with the conformance suite of a version of the network policy API. */
export const policySuiteName = (api: string) => `network-policy-api-${api}`

/** The conformance suite of the network policy API, and the definitions that it is about. Its two versions are two versions of one module. */
function policySuite(api: string, version: string, kinds: readonly string[]): ToolSet {
  const module = 'sigs.k8s.io/network-policy-api'
  return {
    name: policySuiteName(api),
    version,
    commands: [],
    tests: [`${module}/conformance`],
    files: { module, paths: kinds.map(kind => `config/crd/experimental/policy.networking.k8s.io_${kind}.yaml`) },
    about: '2 min',
    onPath: false,
    optional: true,
  }
}

/**
 * The versions are those of `modules/<name>/go.mod`, whose go.sum pins every dependency.
 * Kubernetes as a module: its staging repositories are required at v0.0.0, so go.mod replaces each by the published one.
 */
export const toolSets: readonly ToolSet[] = [
  {
    name: 'kubernetes',
    version: kubernetes,
    commands: [
      ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kubectl'].map(
        name => `k8s.io/kubernetes/cmd/${name}`,
      ),
      'k8s.io/kubernetes/test/images/agnhost',
    ],
    variables,
    about: '6 min',
    onPath: true,
  },
  {
    name: 'containerd',
    version: 'v2.4.2',
    commands: ['containerd', 'ctr', 'containerd-shim-runc-v2'].map(name => `${containerd}/${name}`),
    tags: ['no_btrfs', 'no_devmapper', 'no_zfs'],
    about: '1 min',
    onPath: true,
  },
  {
    name: 'runc',
    version: 'v1.5.2',
    commands: ['github.com/opencontainers/runc'],
    tags: ['seccomp'],
    cgo: true,
    about: '10 s',
    onPath: true,
  },
  { name: 'coredns', version: 'v1.15.0', commands: ['github.com/coredns/coredns'], about: '2 min', onPath: true },
  {
    name: 'cni',
    version: 'v1.9.1',
    commands: ['main/loopback', 'main/bridge', 'ipam/host-local', 'meta/portmap', 'meta/bandwidth'].map(
      name => `${plugins}/${name}`,
    ),
    about: '20 s',
    onPath: false,
  },
  {
    // The conformance suite, and the one program that only it runs in a pod.
    name: 'e2e',
    module: 'kubernetes',
    version: kubernetes,
    commands: ['k8s.io/kubernetes/test/images/regression-issue-74839'],
    tests: ['k8s.io/kubernetes/test/e2e'],
    variables,
    about: '3 min',
    onPath: false,
    optional: true,
  },
  ...policyApi.map(({ api, version, kinds }) => policySuite(api, version, kinds)),
  {
    // Installs our charts.
    name: 'helm',
    version: 'v3.22.0',
    commands: ['helm.sh/helm/v3/cmd/helm'],
    // Without the latter a rendering takes the cluster for one of 1.20.
    variables: {
      'helm.sh/helm/v3/internal/version.version': 'v3.22.0',
      'helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor': '1',
      'helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor': '36',
    },
    about: '1 min',
    onPath: true,
    optional: true,
  },
  {
    // What our Services are compared with.
    name: 'kube-proxy',
    module: 'kubernetes',
    version: kubernetes,
    commands: ['k8s.io/kubernetes/cmd/kube-proxy'],
    variables,
    about: '1 min',
    onPath: false,
    optional: true,
  },
]

export const programOf = (command: string) => command.slice(command.lastIndexOf('/') + 1)
export const testProgramOf = (tests: string) => `${programOf(tests)}.test`
export const programsOf = ({ commands, tests = [] }: ToolSet) => [
  ...commands.map(programOf),
  ...tests.map(testProgramOf),
]
export const filesOf = ({ files }: ToolSet) => (files?.paths ?? []).map(programOf)
/** The sets that every lab with kubelets needs. */
export const usualSets = toolSets.filter(({ optional }) => optional !== true)
/** Folder name of a built set: its recipe is part of what a version means. */
export const folderOf = (set: ToolSet) => `${set.name}-${set.version}`
