import os from 'node:os'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { BatchObservableResult, Meter, Observable } from '@opentelemetry/api'
import { type CpuSeconds, type IoBytes, readLinuxCpu, readLinuxDisks, readLinuxNetwork } from './linux-counters.ts'

const DELAY_RESOLUTION_MS = 10
const NS_PER_S = 1e9

/** Since-boot totals as of one moment. */
interface HostCounters {
  readonly atMs: number
  readonly cpu: CpuSeconds | undefined
  readonly network: readonly IoBytes[]
  readonly disks: readonly IoBytes[]
  readonly process: NodeJS.CpuUsage
}

/**
 * Observes this machine and this process on every collection, under the names of OpenTelemetry's semantic
 * conventions. Where a convention splits a fraction by processor and mode, the one number people ask for is
 * reported: `avg` of `system.cpu.utilization` over busy and idle alike would mean nothing. Only files of
 * `/proc` are read; nothing is spawned. Returns the way out.
 */
export async function observeHost(meter: Meter): Promise<() => void> {
  const instruments = createInstruments(meter)
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  delay.enable()
  const first = await readCounters()
  let last = first
  let lastLoop = performance.eventLoopUtilization()

  const callback = async (result: BatchObservableResult): Promise<void> => {
    // Loop figures first: what follows is this callback's own work.
    const loop = performance.eventLoopUtilization()
    result.observe(instruments.loopUtilization, performance.eventLoopUtilization(loop, lastLoop).utilization)
    lastLoop = loop
    for (const [percentile, gauge] of instruments.loopDelays)
      result.observe(gauge, loopDelaySeconds(delay.percentile(percentile)))
    delay.reset()

    const now = await readCounters()
    observeCpu(result, instruments, first, last, now)
    observeMemory(result, instruments)
    observeIo(result, instruments.networkIo, first.network, now.network, networkAttributes)
    observeIo(result, instruments.diskIo, first.disks, now.disks, diskAttributes)
    last = now
  }
  meter.addBatchObservableCallback(callback, instruments.all)
  return () => {
    meter.removeBatchObservableCallback(callback, instruments.all)
    delay.disable()
  }
}

type Instruments = ReturnType<typeof createInstruments>

function createInstruments(meter: Meter) {
  const gauge = (name: string, unit: string): Observable => meter.createObservableGauge(name, { unit })
  const counter = (name: string, unit: string): Observable => meter.createObservableCounter(name, { unit })
  const loads = ['1m', '5m', '15m'].map((span) => gauge(`system.cpu.load_average.${span}`, '{thread}'))
  const loopDelays = [50, 99].map((p) => [p, gauge(`nodejs.eventloop.delay.p${p}`, 's')] as const)
  const single = {
    cpuUtilization: gauge('system.cpu.utilization', '1'),
    cpuTime: counter('system.cpu.time', 's'),
    memoryUtilization: gauge('system.memory.utilization', '1'),
    memoryUsage: gauge('system.memory.usage', 'By'),
    networkIo: counter('system.network.io', 'By'),
    diskIo: counter('system.disk.io', 'By'),
    processCpuUtilization: gauge('process.cpu.utilization', '1'),
    processMemoryUsage: gauge('process.memory.usage', 'By'),
    loopUtilization: gauge('nodejs.eventloop.utilization', '1'),
  }
  const all = [...Object.values(single), ...loads, ...loopDelays.map(([, instrument]) => instrument)]
  return { ...single, loads, loopDelays, all }
}

function observeCpu(
  result: BatchObservableResult,
  instruments: Instruments,
  first: HostCounters,
  last: HostCounters,
  now: HostCounters,
): void {
  if (now.cpu !== undefined && last.cpu !== undefined && first.cpu !== undefined) {
    const total = sumSeconds(now.cpu) - sumSeconds(last.cpu)
    const idle = now.cpu.idle + now.cpu.iowait - last.cpu.idle - last.cpu.iowait
    if (total > 0) result.observe(instruments.cpuUtilization, Math.max(0, Math.min(1, 1 - idle / total)))
    for (const mode of Object.keys(now.cpu) as (keyof CpuSeconds)[])
      result.observe(instruments.cpuTime, Math.max(0, now.cpu[mode] - first.cpu[mode]), { 'cpu.mode': mode })
  }
  // Windows has no load average; Node reports zeros there.
  if (os.platform() !== 'win32')
    os.loadavg().forEach((load, index) => {
      result.observe(instruments.loads[index]!, load)
    })
  const elapsedUs = (now.atMs - last.atMs) * 1000
  const usedUs = now.process.user + now.process.system - last.process.user - last.process.system
  if (elapsedUs > 0) result.observe(instruments.processCpuUtilization, usedUs / elapsedUs / os.availableParallelism())
}

function observeMemory(result: BatchObservableResult, instruments: Instruments): void {
  const total = os.totalmem()
  // What can be given out without swapping: on Linux MemAvailable, so the page cache is not "used".
  const free = os.freemem()
  result.observe(instruments.memoryUtilization, (total - free) / total)
  result.observe(instruments.memoryUsage, total - free, { 'system.memory.state': 'used' })
  result.observe(instruments.memoryUsage, free, { 'system.memory.state': 'free' })
  result.observe(instruments.processMemoryUsage, process.memoryUsage.rss())
}

/** Counts from this program's start: with delta temporality the first report would else be all since boot. */
function observeIo(
  result: BatchObservableResult,
  instrument: Observable,
  first: readonly IoBytes[],
  now: readonly IoBytes[],
  attributes: (device: string, incoming: boolean) => Record<string, string>,
): void {
  for (const { device, inBytes, outBytes } of now) {
    const start = first.find((io) => io.device === device) ?? { inBytes: 0, outBytes: 0 }
    // Never moved: a device nobody uses.
    if (inBytes === 0 && outBytes === 0) continue
    result.observe(instrument, Math.max(0, inBytes - start.inBytes), attributes(device, true))
    result.observe(instrument, Math.max(0, outBytes - start.outBytes), attributes(device, false))
  }
}

function networkAttributes(device: string, incoming: boolean): Record<string, string> {
  return { 'network.interface.name': device, 'network.io.direction': incoming ? 'receive' : 'transmit' }
}

function diskAttributes(device: string, incoming: boolean): Record<string, string> {
  return { 'system.device': device, 'disk.io.direction': incoming ? 'read' : 'write' }
}

async function readCounters(): Promise<HostCounters> {
  const linux = os.platform() === 'linux'
  // One file that is missing (a locked-down container) must not cost the others.
  const [cpu, network, disks] = await Promise.all([
    linux ? readLinuxCpu().catch(() => undefined) : cpuFromNode(),
    linux ? readLinuxNetwork().catch(() => []) : [],
    linux ? readLinuxDisks().catch(() => []) : [],
  ])
  return { atMs: performance.now(), cpu, network, disks, process: process.cpuUsage() }
}

function cpuFromNode(): CpuSeconds {
  const seconds = { user: 0, nice: 0, system: 0, idle: 0, iowait: 0, interrupt: 0, steal: 0 }
  for (const { times } of os.cpus()) {
    seconds.user += times.user / 1000
    seconds.nice += times.nice / 1000
    seconds.system += times.sys / 1000
    seconds.idle += times.idle / 1000
    seconds.interrupt += times.irq / 1000
  }
  return seconds
}

function sumSeconds(cpu: CpuSeconds): number {
  let total = 0
  for (const seconds of Object.values(cpu)) total += seconds
  return total
}

/** The monitor measures from timer to timer, so an idle loop shows its resolution: that much is not delay. */
function loopDelaySeconds(nanoseconds: number): number {
  return Number.isNaN(nanoseconds) ? 0 : Math.max(0, nanoseconds / NS_PER_S - DELAY_RESOLUTION_MS / 1000)
}
