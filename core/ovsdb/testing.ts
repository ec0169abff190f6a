/** Real ovsdb-servers, and faults, for tests of this and other rooms. */
export { Daemon, run } from './testing/daemon.ts'
export { startProxy, type TestProxy } from './testing/proxy.ts'
export {
  freePort,
  type ServerTls,
  startOvsdbServer,
  type TestMember,
  type TestServer,
  type TestServerOptions,
} from './testing/server.ts'
export { until } from './testing/until.ts'
