import { readdir, readFile } from 'node:fs/promises'

/** `/proc/stat` counts in USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
/** `/proc/diskstats` counts in sectors of 512 bytes whatever the disk's own sector is. */
const SECTOR_BYTES = 512

/** Seconds since boot, over all processors. */
export type CpuSeconds = Readonly<
  Record<'user' | 'nice' | 'system' | 'idle' | 'iowait' | 'interrupt' | 'steal', number>
>

/** Bytes since boot of one network interface or disk. */
export interface IoBytes {
  readonly device: string
  readonly inBytes: number
  readonly outBytes: number
}

/** From `/proc/stat`; see proc_stat(5). */
export async function readLinuxCpu(): Promise<CpuSeconds> {
  return parseCpu(await readFile('/proc/stat', 'utf8'))
}

export function parseCpu(stat: string): CpuSeconds {
  const line = stat.slice(0, stat.indexOf('\n')).trim().split(/\s+/)
  const seconds = (column: number): number => Number(line[column] ?? 0) / TICKS_PER_SECOND
  return {
    user: seconds(1),
    nice: seconds(2),
    system: seconds(3),
    idle: seconds(4),
    iowait: seconds(5),
    interrupt: seconds(6) + seconds(7),
    steal: seconds(8),
  }
}

/** From `/proc/net/dev`, without the loopback: that is mostly this program talking to itself. */
export async function readLinuxNetwork(): Promise<IoBytes[]> {
  return parseNetwork(await readFile('/proc/net/dev', 'utf8'))
}

export function parseNetwork(dev: string): IoBytes[] {
  const interfaces: IoBytes[] = []
  for (const line of dev.split('\n').slice(2)) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const device = line.slice(0, colon).trim()
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
    if (device !== 'lo') interfaces.push({ device, inBytes: Number(columns[0]), outBytes: Number(columns[8]) })
  }
  return interfaces
}

/** From `/proc/diskstats`, whole disks only (partitions would count twice). In = read. */
export async function readLinuxDisks(): Promise<IoBytes[]> {
  const [stats, blocks] = await Promise.all([readFile('/proc/diskstats', 'utf8'), readdir('/sys/block')])
  return parseDisks(stats, new Set(blocks))
}

export function parseDisks(stats: string, wholeDisks: ReadonlySet<string>): IoBytes[] {
  const disks: IoBytes[] = []
  for (const line of stats.split('\n')) {
    const columns = line.trim().split(/\s+/)
    const device = columns[2]
    if (device === undefined || !wholeDisks.has(device) || /^(loop|ram|zram)\d/.test(device)) continue
    disks.push({ device, inBytes: Number(columns[5]) * SECTOR_BYTES, outBytes: Number(columns[9]) * SECTOR_BYTES })
  }
  return disks
}
