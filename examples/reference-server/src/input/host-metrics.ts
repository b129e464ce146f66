import os from 'node:os'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics'
import { observeHost } from './host-instruments.ts'

const INTERVAL_MS = 1000
const EXPORT_TIMEOUT_MS = 900
const SHUTDOWN_TIMEOUT_MS = 2000
const COMPLAIN_EVERY_MS = 10_000

export interface HostMetricsOptions {
  /** An OTLP/HTTP endpoint, for example `http://127.0.0.1:4318/v1/metrics`. */
  readonly otlpUrl: string
  readonly log: (line: string) => void
}

/**
 * Sends this machine's metrics once a second through the OpenTelemetry SDK and over HTTP, exactly as another
 * service would. Counters are deltas, so that `sum` over a window is what happened in it. `close` sends what
 * is left and takes two seconds at most.
 */
export async function startHostMetrics(options: HostMetricsOptions): Promise<{ close(): Promise<void> }> {
  const { otlpUrl, log } = options
  if (os.platform() !== 'linux') log(`host metrics: network and disk are read on Linux only, not on ${os.platform()}`)
  const exporter = new OTLPMetricExporter({
    url: otlpUrl,
    timeoutMillis: EXPORT_TIMEOUT_MS,
    temporalityPreference: AggregationTemporality.DELTA,
  })
  let closing = false
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'host.name': os.hostname(), 'service.name': 'windrow-host' }),
    readers: [
      new PeriodicExportingMetricReader({
        exporter: sayingFailures(exporter, (why) => {
          if (!closing) log(`host metrics: not delivered: ${why}`)
        }),
        exportIntervalMillis: INTERVAL_MS,
        exportTimeoutMillis: INTERVAL_MS,
      }),
    ],
  })
  const stopObserving = await observeHost(provider.getMeter('windrow-host-metrics'))
  return {
    async close() {
      closing = true
      // A receiver that is already gone is no reason to fail a shutdown.
      await provider.shutdown({ timeoutMillis: SHUTDOWN_TIMEOUT_MS }).catch(() => undefined)
      stopObserving()
    },
  }
}

/** The SDK keeps failures to its own diagnostics; here one line in ten seconds tells. */
function sayingFailures(exporter: PushMetricExporter, say: (why: string) => void): PushMetricExporter {
  let saidMs = Number.NEGATIVE_INFINITY
  return {
    export(metrics, resultCallback) {
      exporter.export(metrics, (result) => {
        const nowMs = performance.now()
        if (result.code !== 0 && nowMs - saidMs >= COMPLAIN_EVERY_MS) {
          saidMs = nowMs
          say(result.error?.message ?? 'unknown error')
        }
        resultCallback(result)
      })
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
    selectAggregation: (type) => exporter.selectAggregation?.(type) ?? { type: AggregationType.DEFAULT },
    selectAggregationTemporality: (type) =>
      exporter.selectAggregationTemporality?.(type) ?? AggregationTemporality.CUMULATIVE,
  }
}
