export { WindrowError, type WindrowErrorCode, type WindrowErrorOptions } from './errors.ts'
