import { Reader } from '../codec/bytes.ts'
import { eachMessage, type Message } from '../codec/message.ts'
import type { NetnsRef } from '../netns.ts'
import { NetlinkSocket, receiveBuffer } from '../socket.ts'

/** linux/netfilter/nfnetlink.h, nf_tables.h */
const NFNLGRP_NFTABLES = 7
const NFNL_SUBSYS_NFTABLES = 10
const NFT_MSG_NEWGEN = 15
/** The name of the table is attribute 1 of tables, chains, rules, sets and elements alike. */
const NFTA_TABLE = 1
const headerSize = 4
const queueBytes = 4 * 1024 * 1024
const families: Readonly<Record<number, string>> = { 1: 'inet', 2: 'ip', 3: 'arp', 5: 'netdev', 7: 'bridge', 10: 'ip6' }

/** The tables that one transaction changed, as `inet name`; `everything` when the kernel had to drop events. */
export type NftGeneration = ReadonlySet<string> | 'everything'

export interface NftSubscription extends Disposable {
  /** Handles what was reported so far: a transaction is reported before whoever made it hears that it succeeded. */
  drain(): void
}

/** Calls `handle` for every transaction of nftables in a namespace, of whomever. What packets put into sets is not reported. */
export function subscribeNft(netns: NetnsRef, handle: (changed: NftGeneration) => void): NftSubscription {
  const socket = new NetlinkSocket('netfilter', netns, queueBytes)
  let open = true
  let touched = new Set<string>()
  let generations: NftGeneration[] = []
  const each = (message: Message): void => {
    if (message.type >> 8 !== NFNL_SUBSYS_NFTABLES) return
    if ((message.type & 0xff) !== NFT_MSG_NEWGEN) return void touched.add(tableOf(message))
    generations.push(touched)
    touched = new Set()
  }
  const drain = (): void => {
    while (open) {
      const received = socket.receive()
      if (received === 'empty') return
      if (received === 'overrun') generations.push('everything')
      else eachMessage(receiveBuffer, received, each)
      const seen = generations
      generations = []
      for (const generation of seen) handle(generation)
    }
  }
  try {
    socket.join(NFNLGRP_NFTABLES)
    const poll = socket.onReadable(drain)
    poll.unref()
    return {
      drain,
      [Symbol.dispose]() {
        if (!open) return
        open = false
        poll[Symbol.dispose]()
        socket[Symbol.dispose]()
      },
    }
  } catch (error) {
    socket[Symbol.dispose]()
    throw error
  }
}

function tableOf({ buffer, start, end }: Message): string {
  const reader = new Reader(buffer, start + headerSize, end)
  const family = families[buffer.readUInt8(start)] ?? 'unknown'
  while (reader.next()) if (reader.type === NFTA_TABLE) return `${family} ${reader.text()}`
  return family
}
