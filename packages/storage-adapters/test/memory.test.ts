import { memoryAdapter } from '../src/memory/index.ts'
import { storageContract } from '../src/testing/index.ts'

await storageContract({ name: 'memory', create: () => memoryAdapter() })
await storageContract({
  name: 'memory, chunks and batches of a few rows',
  create: () => memoryAdapter({ maxChunkRows: 3, scanBatchRows: 5 }),
  propertyRuns: 100,
})
await storageContract({
  name: 'memory, one row a chunk',
  create: () => memoryAdapter({ maxChunkRows: 1, scanBatchRows: 1 }),
})
await storageContract({
  name: 'memory, chunks and batches of middle size',
  create: () => memoryAdapter({ maxChunkRows: 100, scanBatchRows: 512 }),
})
