/** Real ovsdb-servers, and faults, for tests of this and other rooms. */
export { Daemon, run } from './testing/daemon.ts'
export { TestPki } from './testing/pki.ts'
export {
  type ServerTls,
  startOvsdbServer,
  type TestMember,
  type TestServer,
  type TestServerOptions,
} from './testing/server.ts'
