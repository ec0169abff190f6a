/** What the tests of every room need: waiting, ports, folders, and a line that breaks on demand. */
export { temporaryFolder } from './folder.ts'
export { type FaultyLine, startFaultyLine } from './line.ts'
export { freePort } from './ports.ts'
export { waitUntil } from './wait.ts'
