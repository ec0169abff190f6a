import { interfaceIds, type OvnNames, podPortName } from '@ovnkit/cni-api'
import { inGroup, meaning } from '@ovnkit/cni-policy'
import { cidrContains, type IpAddress } from '@ovnkit/inet'
import type { Labels } from '@ovnkit/kube'
import type { LinuxError } from '@ovnkit/linux'
import type { OvsRow } from '@ovnkit/ovs'
import type { Logger } from '@ovnkit/process'
import type { ReadableStore } from '@ovnkit/reconcile'
import type { PodFacts } from '../facts/pod.ts'
import type { LocalDatabase } from '../facts/switch.ts'
import { answeredName, readAnswer } from './answer.ts'
import type { NamesFacts } from './facts.ts'
import type { Memory } from './memory.ts'

/** What a tap tells. */
export interface Hearing {
  believed(source: IpAddress): boolean
  heard(message: Buffer): void
  failed(error: LinuxError): void
}

export interface ListenerOptions {
  readonly node: string
  readonly pods: ReadableStore<PodFacts>
  /** Labels of namespaces; synced while names are to be learned. */
  readonly namespaces: ReadableStore<Labels>
  readonly names: ReadableStore<NamesFacts>
  readonly database: LocalDatabase
  readonly ovnNames: OvnNames
  readonly memory: Memory
  /** Listens at an interface of the host; undefined where there is none of that name. */
  readonly open: (link: string, hearing: Hearing) => Promise<Disposable | undefined>
  /** A pod that is to be listened to and has no interface that could be. */
  readonly deaf: (pod: string) => void
  readonly logger: Logger
}

/** Where a pod is listened to: its row tells of an interface that was made anew under its name. */
interface Place {
  readonly row: string
  readonly link: string
  tap: Disposable | undefined
}

/**
 * Listens to the DNS answers of those pods of the node that policies with domain names are about, and to nobody's where there are no such policies. A pod is listened to from the moment that its
 * port is in the switch, which is before its program starts.
 */
export class Listeners implements Disposable {
  readonly #options: ListenerOptions
  readonly #places = new Map<string, Place>()
  readonly #podsByPort = new Map<string, string>()
  readonly #deaf = new Set<string>()
  readonly #resources = new DisposableStack()

  constructor(options: ListenerOptions) {
    this.#options = options
    const { pods, namespaces, names, database } = options
    this.#resources.use(pods.subscribe(key => this.#look(key)))
    this.#resources.use(
      namespaces.subscribe(changed => {
        for (const key of pods.keys()) if (key.startsWith(`${changed}/`)) this.#look(key)
      }),
    )
    this.#resources.use(namespaces.onSynced(() => this.#lookAtAll()))
    this.#resources.use(names.subscribe((_, now, old) => sameUse(now, old) || this.#lookAtAll()))
    this.#resources.use(
      database.onBatch(batch => {
        const changes = batch.table('Interface')
        if (changes === undefined || this.#wanted === undefined) return
        const rows = [...changes.inserted, ...changes.updated.map(({ row }) => row), ...changes.deleted]
        for (const row of rows) this.#portChanged(row)
      }),
    )
    this.#lookAtAll()
  }

  /** How many pods are listened to. */
  get size(): number {
    return this.#places.size
  }

  [Symbol.dispose](): void {
    this.#resources.dispose()
    for (const key of [...this.#places.keys()]) this.#close(key)
  }

  get #wanted(): NamesFacts | undefined {
    return this.#options.names.get(this.#options.node)
  }

  #lookAtAll(): void {
    for (const key of new Set([...this.#options.pods.keys(), ...this.#places.keys()])) this.#look(key)
  }

  #portChanged({ external_ids }: Pick<OvsRow<'Interface'>, 'external_ids'>): void {
    const pod = this.#podsByPort.get(external_ids.get(interfaceIds.ifaceId) ?? '')
    if (pod !== undefined) this.#look(pod)
  }

  /** Makes it so for one pod. */
  #look(key: string): void {
    const row = this.#isWanted(key) ? this.#rowOf(key) : undefined
    const place = this.#places.get(key)
    if (row?.type === '' && place?.row === row._uuid) return
    this.#close(key)
    if (row === undefined) return
    if (row.type === '') this.#open(key, row)
    else this.#tellDeaf(key)
  }

  #isWanted(key: string): boolean {
    const { pods, namespaces } = this.#options
    const [pod, wanted] = [pods.get(key), this.#wanted]
    if (wanted === undefined || !namespaces.synced || pod === undefined || pod.ended) {
      this.#podsByPort.delete(this.#portOf(key))
      return false
    }
    this.#podsByPort.set(this.#portOf(key), key)
    const [namespace = ''] = key.split('/')
    const traits = { namespace, labels: pod.labels, ports: [] }
    return wanted.subjects.some(group => inGroup(group, traits, namespaces.get(namespace) ?? {}))
  }

  #portOf(key: string): string {
    const [namespace = '', name = ''] = key.split('/')
    return this.#options.ovnNames.of(podPortName(namespace, name))
  }

  #rowOf(key: string): OvsRow<'Interface'> | undefined {
    const [row] = this.#options.database.table('Interface').all('byIfaceId', this.#portOf(key))
    return row
  }

  #open(key: string, { _uuid, name }: OvsRow<'Interface'>): void {
    const place: Place = { row: _uuid, link: name, tap: undefined }
    this.#places.set(key, place)
    const isCurrent = () => this.#places.get(key) === place
    const lost = (err: unknown) => {
      if (!isCurrent()) return
      this.#options.logger.debug({ err, pod: key, link: name }, 'the interface of a pod is not listened to any more')
      this.#close(key)
    }
    const hearing: Hearing = {
      believed: source => this.#wanted?.servers.some(server => cidrContains(server, source)) ?? false,
      heard: message => this.#heard(message),
      failed: lost,
    }
    this.#options.open(name, hearing).then(tap => {
      if (!isCurrent()) tap?.[Symbol.dispose]()
      else if (tap === undefined) lost(undefined)
      else place.tap = tap
    }, lost)
  }

  #heard(message: Buffer): void {
    const wanted = this.#wanted
    const name = wanted && answeredName(message)
    if (wanted === undefined || name === undefined) return
    const meant = meaning(wanted.names, name)
    const answer = meant.length === 0 ? undefined : readAnswer(message, name)
    if (answer === undefined) return
    for (const one of meant) this.#options.memory.learn(one, answer)
  }

  #close(key: string): void {
    this.#places.get(key)?.tap?.[Symbol.dispose]()
    this.#places.delete(key)
  }

  #tellDeaf(key: string): void {
    const uid = this.#options.pods.get(key)?.uid ?? ''
    if (this.#deaf.has(uid)) return
    this.#deaf.add(uid)
    this.#options.deaf(key)
  }
}

/** What was learned is written into the same object. */
const sameUse = (a: NamesFacts | undefined, b: NamesFacts | undefined): boolean =>
  JSON.stringify(a?.subjects) === JSON.stringify(b?.subjects)
