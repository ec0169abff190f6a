export { EagerClock, ManualClock } from './manual-clock.ts'
export { MemoryObject, MemoryTarget } from './memory-target.ts'
export { plainView } from './reads.ts'
export { expandSequence, type Scenario, type SequenceVariant, type Step, type World } from './sequence-expander.ts'
