import { WindrowError } from '../../errors.ts'
import { parseJsonPayload } from '../otlp/json-text.ts'

/** The metrics one server reports in one body. */
export interface ServerReport {
  readonly server: string
  readonly metrics: readonly unknown[]
}

/** Reads `{ server, metrics }` or an array of such. Throws `DECODE_FAILED` when the body is not that. */
export function readIngestBody(bytes: Uint8Array): ServerReport[] {
  const body = parseJsonPayload(bytes)
  return Array.isArray(body)
    ? body.map((entry, index) => readReport(entry, `entry ${index} of the body`))
    : [readReport(body, 'the body')]
}

function readReport(value: unknown, what: string): ServerReport {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw broken(`${what} is not an object`)
  const { server, metrics } = value as Partial<Record<keyof ServerReport, unknown>>
  if (typeof server !== 'string' || server === '') throw broken(`"server" of ${what} is not a name`)
  if (!Array.isArray(metrics)) throw broken(`"metrics" of ${what} is not an array`)
  return { server, metrics }
}

function broken(message: string): WindrowError {
  return new WindrowError('DECODE_FAILED', message, {
    hint: 'Send { "server": "web-1", "metrics": [{ "name": "cpu.utilization", "value": 75.5 }] }, or an array of such.',
    details: { offset: 0 },
  })
}
