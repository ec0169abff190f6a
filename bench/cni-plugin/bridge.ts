import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runPlugin } from '@ovnkit/cni-plugin/testing'
import { findTool } from '@ovnkit/kube/testing'
import { type TestNetns, testNetns } from '@ovnkit/linux/testing'

/** The reference: containernetworking's `bridge` with `host-local`, on a Linux bridge in a namespace of its own. */
export class BridgeReference implements Disposable {
  readonly path = findTool('bridge')
  readonly #host: TestNetns = testNetns('ovnkit-bridge')
  readonly #folder = mkdtempSync(join(tmpdir(), 'ovnkit-bridge-'))
  #count = 0

  /** Adds a sandbox; throws when the plugin fails. */
  async add(netns: TestNetns): Promise<void> {
    const env = {
      CNI_COMMAND: 'ADD',
      CNI_CONTAINERID: `c${this.#count++}`,
      CNI_NETNS: netns.path,
      CNI_IFNAME: 'eth0',
      CNI_PATH: dirname(this.path),
      PATH: process.env.PATH ?? '',
    }
    const ipam = { type: 'host-local', dataDir: this.#folder, ranges: [[{ subnet: '10.200.0.0/16' }]] }
    const config = {
      cniVersion: '1.0.0',
      name: 'reference',
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      mtu: 1442,
      ipam,
    }
    const { status, output } = await runPlugin('nsenter', env, config, [`--net=${this.#host.path}`, this.path])
    if (status !== 0) throw new Error(`bridge failed: ${JSON.stringify(output)}`)
  }

  [Symbol.dispose](): void {
    this.#host[Symbol.dispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
