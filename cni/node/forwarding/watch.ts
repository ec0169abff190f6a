import { listRuleset, type NftGeneration, subscribeNft } from '@ovnkit/linux'
import { Store } from '@ovnkit/reconcile'
import { readLegacy } from './legacy.ts'
import { isRecord, listOf } from './packet.ts'

/** nftables as a whole, as far as it is somebody else's; the only key is `theRuleset`. */
export type RulesetStore = Store<unknown>
export const theRuleset = 'ruleset'

export function createRulesetStore(): RulesetStore {
  return new Store<unknown>({ name: 'ruleset' })
}

/** Changes of others come in bursts: an installer of rules makes one transaction for each. */
const quietMs = 500

/**
 * Reads the ruleset once, and again when somebody has changed a table that is not ours: the kernel tells (nfnetlink), nobody asks. Content of sets is left out.
 * Of changes in iptables-legacy nobody tells: its filter table is read along with the others.
 * @param own our table, as `inet name`: it changes with every Service
 */
export function watchRuleset(store: RulesetStore, own: string, onError: (error: unknown) => void): Disposable {
  let timer: NodeJS.Timeout | undefined
  const read = (): void => {
    timer = undefined
    readAll().then(ruleset => store.replace([[theRuleset, ruleset]]), onError)
  }
  const subscription = subscribeNft('host', changed => {
    if (foreign(changed, own)) timer ??= setTimeout(read, quietMs).unref()
  })
  read()
  return {
    [Symbol.dispose]() {
      clearTimeout(timer)
      subscription[Symbol.dispose]()
    },
  }
}

async function readAll(): Promise<unknown> {
  const [ruleset, legacy] = await Promise.all([listRuleset(), readLegacy()])
  return { nftables: [...listOf(isRecord(ruleset) ? ruleset.nftables : undefined), ...legacy] }
}

const foreign = (changed: NftGeneration, own: string): boolean =>
  changed === 'everything' || [...changed].some(table => table !== own)
