import { Netlink, PacketSocket } from '@ovnkit/linux'
import { type TestNetns, testNetns } from '@ovnkit/linux/testing'
import { waitUntil } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mostPackets, Tap } from './tap.ts'

const resources = new DisposableStack()
let host: TestNetns
let pod: TestNetns
let outer: number
let inner: number

beforeAll(async () => {
  host = resources.use(testNetns('ovnkit-host'))
  pod = resources.use(testNetns('ovnkit-pod'))
  using netlink = Netlink.open({ netns: host })
  using inside = Netlink.open({ netns: pod })
  await netlink.createVeth({ name: 'outer', peer: { name: 'inner', netns: pod } })
  await netlink.setLink('outer', { up: true })
  await inside.setLink('inner', { up: true })
  outer = (await netlink.linkByName('outer'))?.index ?? 0
  inner = (await inside.linkByName('inner'))?.index ?? 0
})
afterAll(() => resources.dispose())

const word = (value: number) => [value >> 8, value & 255]
const v4 = (protocol: number, payload: readonly number[], fragment = 0) => [
  ...[...word(0x0800), 0x45, 0, ...word(20 + payload.length), 0, 0, ...word(fragment), 64, protocol, 0, 0],
  ...[192, 0, 2, 53, 10, 244, 0, 5],
  ...payload,
]
const v6 = (protocol: number, payload: readonly number[]) => [
  ...[...word(0x86dd), 0x60, 0, 0, 0, ...word(payload.length), protocol, 64],
  ...[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x35],
  ...[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5],
  ...payload,
]
const udp = (source: number, text: string) => [
  ...[...word(source), ...word(4000), ...word(8 + text.length), 0, 0],
  ...Buffer.from(text),
]
const tcp = (source: number, sequence: number, flags: number, text: string) => [
  ...[...word(source), ...word(4000), 0, 0, ...word(sequence), 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0],
  ...Buffer.from(text),
]
const frame = (rest: readonly number[]) =>
  Buffer.from([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...rest, ...new Array<number>(60).fill(0)])

/** As the switch of the userspace datapath does: by a packet socket on the host's end. */
const toPod = (frames: readonly Buffer[]) => sendBy(host, outer, frames)
const fromPod = (frames: readonly Buffer[]) => sendBy(pod, inner, frames)
function sendBy(netns: TestNetns, link: number, frames: readonly Buffer[]): void {
  using socket = new PacketSocket({ link, netns })
  for (const one of frames) socket.send(one)
}

function listen() {
  const heard: string[] = []
  const sources = new Set<string>()
  const tap = new Tap({
    link: outer,
    netns: host,
    believed: source => sources.add(source).size > 0,
    heard: message => heard.push(message.toString()),
    failed: error => heard.push(error.code),
  })
  return { heard, sources, tap }
}

describe('a pod', () => {
  it('is heard only what servers answer to it, of both families, by datagram and by stream', async () => {
    const { heard, sources, tap } = listen()
    using _ = tap
    fromPod([frame(v4(17, udp(53, 'forged'))), frame(v6(17, udp(53, 'forged')))])
    toPod([
      frame(v4(17, udp(5353, 'other port'))),
      frame(v4(1, udp(53, 'other protocol'))),
      frame(v4(17, udp(53, 'fragment'), 100)),
      frame([8, 6, ...udp(53, 'no IP')]),
      frame(v4(17, udp(53, 'one'))),
      frame(v6(17, udp(53, 'two'))),
      frame(v4(6, tcp(53, 10, 2, ''))),
      frame(v4(6, tcp(53, 15, 0, 'ree'))),
      frame(v4(6, tcp(53, 11, 0, '\0'))),
      frame(v4(6, tcp(53, 12, 0, '\x05th'))),
      frame(v4(6, tcp(53, 15, 0, 'ree'))),
      frame(v6(6, tcp(80, 10, 0, 'the web'))),
    ])
    await waitUntil('all to be heard', () => heard.length >= 3)
    expect(heard).toEqual(['one', 'two', 'three'])
    expect([...sources].sort()).toEqual(['192.0.2.53', '2001:db8::35'])
  })

  it('that is told too much is heard on in the next second', async () => {
    const { heard, tap } = listen()
    using _ = tap
    toPod(Array.from({ length: mostPackets + 20 }, (_, i) => frame(v4(17, udp(53, String(i))))))
    await waitUntil('all to be heard', () => heard.length === mostPackets + 20, 30_000)
    expect(new Set(heard).size).toBe(mostPackets + 20)
  })

  it('whose interface goes is heard no more, and that is told', async () => {
    const { heard, tap } = listen()
    using _ = tap
    await host.exec('ip', 'link', 'del', 'outer')
    await waitUntil('the end', () => heard.length > 0)
    expect(heard).toEqual(['ENETDOWN'])
  })
})
