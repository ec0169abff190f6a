import { describe, expect, test } from 'vitest'
import { eachMessage, frame, NLM_F_DUMP, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR } from './codec/message.ts'
import { LinuxError } from './errors.ts'
import { RequestChannel, type RequestSocket } from './requests.ts'
import { type Received, receiveBuffer } from './socket.ts'

interface Seen {
  readonly type: number
  readonly dump: boolean
  readonly sequence: number
}

/** A kernel that answers as told. `answer` gives the datagrams for one request; a text stands for what `receive` says instead. */
class FakeKernel implements RequestSocket {
  readonly writes: Seen[][] = []
  readonly queue: (Buffer | 'overrun')[] = []
  closed = false
  answer: (request: Seen) => (Buffer | 'overrun')[] = ({ sequence }) => [acknowledgement(sequence)]

  async write(data: Buffer): Promise<void> {
    const seen: Seen[] = []
    eachMessage(data, data.length, ({ type, flags, sequence }) =>
      seen.push({ type, dump: (flags & NLM_F_DUMP) === NLM_F_DUMP, sequence }),
    )
    this.writes.push(seen)
    for (const request of seen) this.queue.push(...this.answer(request))
  }

  receive(): Received {
    const next = this.queue.shift()
    if (next === undefined) return 'empty'
    if (next === 'overrun') return next
    next.copy(receiveBuffer)
    return next.length
  }

  [Symbol.dispose](): void {
    this.closed = true
  }
}

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
const acknowledgement = (sequence: number, errno = 0): Buffer =>
  frame(NLMSG_ERROR, 0, sequence, Buffer.concat([int32(-errno), Buffer.alloc(16)]))
const item = (sequence: number, value: number, flags = 0): Buffer => frame(100, flags, sequence, int32(value))
const done = (sequence: number, flags = 0): Buffer => frame(NLMSG_DONE, flags, sequence, int32(0))

const request = (name: string) => ({
  type: 16,
  body: Buffer.alloc(0),
  attempted: () => name,
  parse: ({ buffer, start }: { buffer: Buffer; start: number }) => buffer.readInt32LE(start),
})

describe('requests', () => {
  test('of one turn travel together, at most 64, in order; lists travel alone', async () => {
    const kernel = new FakeKernel()
    kernel.answer = ({ sequence, dump }) => (dump ? [done(sequence)] : [acknowledgement(sequence)])
    using channel = new RequestChannel(kernel)
    const before = Array.from({ length: 70 }, (_, i) => channel.request(request(`${i}`)))
    const list = channel.dump(request('list'))
    await Promise.all([...before, list, channel.request(request('after'))])
    expect(kernel.writes.map(write => write.length)).toEqual([64, 6, 1, 1])
    expect(kernel.writes.map(write => write[0]?.dump)).toEqual([false, false, true, false])
    expect(kernel.writes.flat().map(each => each.sequence)).toEqual(Array.from({ length: 72 }, (_, i) => i + 1))
  })

  test('each gets its own answer or error, strangers are ignored', async () => {
    const kernel = new FakeKernel()
    kernel.answer = ({ sequence }) => [
      item(4711, 1),
      acknowledgement(4711, 5),
      item(sequence, sequence * 10),
      acknowledgement(sequence, sequence === 2 ? 17 : 0),
    ]
    using channel = new RequestChannel(kernel)
    const outcomes = await Promise.allSettled([
      channel.request(request('a')),
      channel.request(request('b')),
      channel.request(request('c')),
    ])
    expect(outcomes).toMatchObject([{ value: [10] }, { reason: { code: 'EEXIST', attempted: 'b' } }, { value: [30] }])
  })

  test('one whose answer is lost ends with an error that says so, the others end well', async () => {
    const kernel = new FakeKernel()
    kernel.answer = ({ sequence }) => (sequence === 2 ? ['overrun'] : [acknowledgement(sequence)])
    using channel = new RequestChannel(kernel)
    const outcomes = await Promise.allSettled(['a', 'b', 'c'].map(name => channel.request(request(name))))
    expect(outcomes.map(each => each.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({
      reason: { code: 'ENOBUFS', message: expect.stringMatching(/^b: .*the answer was lost/) },
    })
  })

  test('an answer that can not be read fails its batch, and later ones work', async () => {
    const kernel = new FakeKernel()
    kernel.answer = ({ sequence }) => [
      sequence === 1 ? frame(100, 0, 1, Buffer.alloc(0)) : item(sequence, 7),
      acknowledgement(sequence),
    ]
    using channel = new RequestChannel(kernel)
    const unreadable = {
      ...request('a'),
      parse: () => {
        throw new RangeError('too short')
      },
    }
    await expect(channel.request(unreadable)).rejects.toMatchObject({
      message: "a: the kernel's answer can't be read",
      cause: expect.any(RangeError),
    })
    expect(await channel.request(request('b'))).toEqual([7])
  })

  test('a failed send fails all that were in it, each by its name, and later ones work', async () => {
    const kernel = new FakeKernel()
    const write = kernel.write.bind(kernel)
    kernel.write = () => Promise.reject(new LinuxError('send a netlink request', 105))
    using channel = new RequestChannel(kernel)
    const outcomes = await Promise.allSettled([channel.request(request('a')), channel.request(request('b'))])
    expect(outcomes).toMatchObject([{ reason: { attempted: 'a', code: 'ENOBUFS' } }, { reason: { attempted: 'b' } }])
    kernel.write = write
    expect(await channel.request(request('c'))).toEqual([])
  })
})

describe('lists', () => {
  test('that changed while they were read are read again, from the beginning', async () => {
    const kernel = new FakeKernel()
    const flags = [0, NLM_F_DUMP_INTR]
    kernel.answer = ({ sequence }) => [
      item(sequence, sequence * 10),
      item(sequence, sequence * 10 + 1, flags.pop() ?? 0),
      done(sequence),
    ]
    using channel = new RequestChannel(kernel)
    expect(await channel.dump(request('list'))).toEqual([20, 21])
    expect(kernel.writes.length).toBe(2)
  })

  test('are read again after an overrun, too', async () => {
    const kernel = new FakeKernel()
    let first = true
    kernel.answer = ({ sequence }) => {
      const datagrams: (Buffer | 'overrun')[] = [
        item(sequence, sequence),
        ...(first ? (['overrun'] as const) : []),
        done(sequence),
      ]
      first = false
      return datagrams
    }
    using channel = new RequestChannel(kernel)
    expect(await channel.dump(request('list'))).toEqual([2])
  })

  test('that never hold still end with an error', async () => {
    const kernel = new FakeKernel()
    kernel.answer = ({ sequence }) => [item(sequence, 1, NLM_F_DUMP_INTR), done(sequence, NLM_F_DUMP_INTR)]
    using channel = new RequestChannel(kernel)
    await expect(channel.dump(request('list routes'))).rejects.toMatchObject({
      code: 'EINTR',
      message: expect.stringContaining('during each of 20 readings'),
    })
    expect(kernel.writes.length).toBe(20)
  })

  test('without an end are an error', async () => {
    const kernel = new FakeKernel()
    kernel.answer = ({ sequence }) => [item(sequence, 1)]
    using channel = new RequestChannel(kernel)
    await expect(channel.dump(request('list'))).rejects.toThrow(/the end of the list was lost/)
  })
})

test('closing waits for what was sent, and refuses the rest', async () => {
  const kernel = new FakeKernel()
  const channel = new RequestChannel(kernel)
  const sent = channel.request(request('sent'))
  await Promise.resolve()
  const queued = expect(channel.request(request('queued'))).rejects.toThrow(/queued: EBADF .*was closed/)
  channel[Symbol.dispose]()
  expect(kernel.closed).toBe(false)
  expect(await sent).toEqual([])
  await queued
  await Promise.resolve()
  expect(kernel.closed).toBe(true)
})
