export { type StorageContractOptions, storageContract } from './contract.ts'
