import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { processIdentity } from './identity.ts'

/** What a lab is made of; written before anything of it exists, so that whatever exists can be found again. */
export const labRecord = z.object({
  name: z.string(),
  /** 1..250: the third octet of the lab's network and part of its names on the host. */
  slot: z.number().int(),
  mode: z.enum(['full', 'light']),
  nodes: z.array(z.string()),
  /** Addresses of the nodes, and of everything else by default; a dual cluster's first family is IPv4. */
  families: z.enum(['ipv4', 'ipv6', 'dual']).default('ipv4'),
  /** How pods leave: by the host's own routing, or through a bridge that takes the NIC. */
  gateway: z.enum(['local', 'shared']).default('local'),
  tunnel: z.enum(['vxlan', 'geneve']),
  /** Of every bridge: userspace, or the kernel's where it has the module (`lab vm`). */
  datapath: z.enum(['netdev', 'system']).default('netdev'),
  /** Controller manager and scheduler (always in full mode). */
  controllers: z.boolean(),
  /** `images`: nothing of it runs by itself; its images are on the nodes, to be installed as a user does. */
  product: z.enum(['none', 'sources', 'bundle', 'images']),
  podCidr: z.string(),
  serviceCidr: z.string(),
  clusterDns: z.string(),
  /** `host`: the Open vSwitch of this machine; `newer`: ovs-vswitchd of the next Debian. */
  openvswitch: z.enum(['host', 'newer', 'dpdk']).default('host'),
  /** `host`: this machine's OVN; `newer`: that of the next Debian. */
  ovn: z.enum(['host', 'newer']).default('host'),
  /** OVN databases and northd in the control machine also where the product's images bring some: somebody else's OVN, for mode external. */
  central: z.boolean().default(false),
  /** The OVN databases speak TLS only. */
  tls: z.boolean().default(false),
  /** A kube-proxy on every node. */
  kubeProxy: z.boolean().default(false),
  /** What kubelets' pods can run: there is no registry. */
  images: z.enum(['usual', 'conformance', 'policies']).default('usual'),
  /** Further keys of the product's configuration, over the lab's own (YAML text). */
  settings: z.string(),
  /** The process this lab lives for: when it is gone, the lab goes too. */
  owner: processIdentity.optional(),
})
export type LabRecord = z.infer<typeof labRecord>
export type Families = LabRecord['families']
export type GatewayMode = LabRecord['gateway']

/** Folder of all labs: OVNKIT_LAB_DIR or /var/lib/ovnkit-lab. */
export const labsFolder = () => process.env.OVNKIT_LAB_DIR ?? '/var/lib/ovnkit-lab'
export const labFolder = (name: string) => `${labsFolder()}/${name}`
const recordFile = (name: string) => `${labFolder(name)}/lab.json`

/** Writes a file in one step: readers see the old text or the new one. */
export function writeAtomically(file: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.new`
  writeFileSync(temporary, text, { mode })
  renameSync(temporary, file)
}

export const saveRecord = (record: LabRecord) =>
  writeAtomically(recordFile(record.name), `${JSON.stringify(record, null, 2)}\n`)

export function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
  return schema.parse(JSON.parse(text))
}

/** The record of a lab, or undefined when there is none of that name. */
export const loadRecord = (name: string): LabRecord | undefined => readJson(recordFile(name), labRecord)

const labClaim = labRecord.pick({ slot: true, owner: true })

/** What labs have to know of one another: nothing else is looked at, for another version of this program may have made that one. */
export const loadClaim = (name: string): z.infer<typeof labClaim> | undefined => readJson(recordFile(name), labClaim)

/** Names of all labs that exist on this machine. */
export function labNames(): string[] {
  try {
    return readdirSync(labsFolder(), { withFileTypes: true })
      .filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(entry => entry.name)
  } catch {
    return []
  }
}
