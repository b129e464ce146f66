export { Fleet, type FleetOptions, type FleetStats } from './fleet.ts'
export type { PayloadTotals } from './payload-writer.ts'
export { type RunningFleet, startFleet } from './start-fleet.ts'
