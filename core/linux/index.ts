export { probeAddress } from './address-probe.ts'
export type { Address, AddressSpec, Scope } from './codec/address.ts'
export { announcements } from './codec/announcement.ts'
export type { Connection, Tuple } from './codec/conntrack.ts'
export { type Link, type LinkAttributes, type LinkSelector, maxLinkName, type OperState } from './codec/link.ts'
export type { Neighbour, NeighbourSpec, NeighbourState } from './codec/neighbour.ts'
export { mainTable, type NextHop, type Route, type RouteFilter, type RouteSpec, type RouteType } from './codec/route.ts'
export type { Rule, RuleAction, RuleSpec } from './codec/rule.ts'
export {
  type ConntrackFilter,
  flushConntrack,
  forgetTranslations,
  listConntrack,
  type TranslatedFlow,
  transportProtocols,
} from './conntrack.ts'
export { hasCode, LinuxError, NetnsError, type NetnsProblem } from './errors.ts'
export { sendFrames } from './frames.ts'
export {
  KernelAddress,
  type KernelAddressSpec,
  KernelLink,
  type KernelLinkSpec,
  KernelNeighbour,
  type KernelNeighbourSpec,
  KernelRoute,
  type KernelRouteSpec,
  KernelRule,
  type KernelRuleSpec,
  kernelTargetName,
  type LinkOrigin,
} from './kernel/desired.ts'
export { KernelTarget, type KernelTargetOptions, ourProtocol } from './kernel/target.ts'
export { createNetns, deleteNetns, netnsDirectory, netnsPath } from './named-netns.ts'
export { type LinkChange, Netlink, type VethOptions } from './netlink.ts'
export { inNetns, type Netns, type NetnsRef, openNetns } from './netns.ts'
export {
  NftChain,
  type NftChainSpec,
  NftElement,
  type NftElementSpec,
  type NftHook,
  type NftObject,
  NftSet,
  type NftSetSpec,
  nftPrefix,
} from './nft/desired.ts'
export { type NftGeneration, type NftSubscription, subscribeNft } from './nft/events.ts'
export {
  applyNft,
  deleteTable,
  listRuleset,
  listTable,
  listTables,
  NftError,
  type NftOptions,
  type NftTable,
} from './nft/program.ts'
export { NftTarget, type NftTargetOptions } from './nft/target.ts'
export { type Offload, type Offloads, readOffloads, setOffloads, userspaceDatapathOffloads } from './offloads.ts'
export { assembleFilter, type FilterStep, filterStep, packetTypes } from './packet-filter.ts'
export { everyEthertype, PacketSocket, type PacketSocketOptions } from './packet-socket.ts'
export type { EventKind, NetlinkEvent, Subscription } from './subscription.ts'
export { ensureSysctl, readSysctl, type SysctlPath, writeSysctl } from './sysctl.ts'
