export { ManualClock } from './manual-clock.ts'
export { MemoryObject, MemoryTarget } from './memory-target.ts'
