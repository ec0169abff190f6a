import { LinuxError } from './errors.ts'
import * as libc from './libc.ts'

/** One step of a packet filter. Jumps go forward, to the step that is called `at`; without a name to the next one. */
export interface FilterStep {
  readonly at?: string
  readonly code: number
  readonly operand: number
  readonly yes?: string
  readonly no?: string
}

type Named = { readonly at?: string }
type Jump = { readonly yes?: string; readonly no?: string }

const step =
  (code: number) =>
  (operand: number, named: Named & Jump = {}): FilterStep => ({ ...named, code, operand })

/** Classic BPF as linux/filter.h numbers it: offsets are from the beginning of the Ethernet frame. */
export const filterStep = {
  /** Loads the byte, or the 16 bits, at an offset. */
  byteAt: step(0x30),
  halfAt: step(0x28),
  /** Takes the length of the IPv4 header that begins at an offset, */
  afterIpv4At: step(0xb1),
  /** and loads the 16 bits that are so far behind another one. */
  halfBehind: step(0x48),
  /** Compares what is loaded; `anyBit`: with these bits. */
  equals: step(0x15),
  anyBit: step(0x45),
  /** What the kernel says of the packet (SKF_AD_PKTTYPE): `packetTypes`. */
  packetType: (named: Named & Jump = {}): FilterStep => step(0x30)(0xfffff000 + 4, named),
  /** The whole packet is received. */
  accept: (named: Named = {}): FilterStep => step(0x06)(0x40000, named),
  drop: (named: Named = {}): FilterStep => step(0x06)(0, named),
} as const

/** Whether a frame came in by the link or goes out by it (packet(7)). */
export const packetTypes = { incoming: 0, outgoing: 4 } as const

const instructionSize = 8

/**
 * A filter as the kernel takes it, struct sock_filter after struct sock_filter.
 * @throws RangeError for a jump to a step that does not come later
 */
export function assembleFilter(steps: readonly FilterStep[]): Buffer {
  const places = new Map(steps.flatMap(({ at }, i) => (at === undefined ? [] : [[at, i] as const])))
  const program = Buffer.alloc(steps.length * instructionSize)
  for (const [i, { code, operand, yes, no }] of steps.entries()) {
    const distance = (name: string | undefined) => {
      if (name === undefined) return 0
      const place = places.get(name) ?? -1
      if (place <= i || place - i > 256)
        throw new RangeError(`expected a later step called "${name}" to jump to from step ${i}`)
      return place - i - 1
    }
    const at = i * instructionSize
    program.writeUInt16LE(code, at)
    program.writeUInt8(distance(yes), at + 2)
    program.writeUInt8(distance(no), at + 3)
    program.writeUInt32LE(operand, at + 4)
  }
  return program
}

const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26

/**
 * Lets the kernel drop what the filter does not accept before a socket sees it (socket(7), SO_ATTACH_FILTER).
 * @param program as of `assembleFilter`
 * @throws LinuxError for a program that the kernel refuses
 */
export function attachFilter(fd: number, program: Buffer): void {
  // struct sock_fprog: the number of instructions, and where they are.
  const description = Buffer.alloc(16)
  description.writeUInt16LE(program.length / instructionSize, 0)
  description.writeBigUInt64LE(libc.addressOf(program), 8)
  if (libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, description, description.length) !== 0)
    throw new LinuxError('attach a packet filter to a socket', libc.lastErrno())
}
