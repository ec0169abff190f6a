import type { NetnsRef } from './netns.ts'
import { PacketSocket } from './packet-socket.ts'

/**
 * Sends Ethernet frames as they are by one link (packet(7)). Needs CAP_NET_RAW.
 *
 * @param index of the link
 * @throws LinuxError; NetnsError
 */
export function sendFrames(index: number, frames: readonly Buffer[], netns: NetnsRef = 'host'): void {
  using socket = new PacketSocket({ link: index, netns })
  for (const frame of frames) socket.send(frame)
}
