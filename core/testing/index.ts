/** What the tests of every room need: waiting, ports, folders, ending processes, and a line that breaks on demand. */
export { temporaryFolder } from './folder.ts'
export { type FaultyLine, startFaultyLine } from './line.ts'
export { freePort } from './ports.ts'
export { endProcess, hasEnded } from './process.ts'
export { waitUntil } from './wait.ts'
