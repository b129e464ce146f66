export { type MemoryAdapter, type MemoryStats, memoryAdapter } from './memory-adapter.ts'
export type { MemoryAdapterOptions } from './options.ts'
