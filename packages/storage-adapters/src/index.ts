export type {
  CatalogMetric,
  ScanRawRequest,
  ScanResultsRequest,
  StorageAdapter,
  StorageCapabilities,
  StorageCatalog,
  WriteRawContext,
} from '@windrow/core'
