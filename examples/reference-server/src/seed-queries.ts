import type { StoredQuery } from './store/metadata-store.ts'

/** Written on the very first start of a data directory, so that the dashboard has something to show. */
export function seedQueries(tenant: string, hostName: string, nowMs: number): StoredQuery[] {
  const host = JSON.stringify(hostName)
  const texts: Record<string, string> = {
    fleet_cpu: 'FROM * SELECT system.cpu.utilization WINDOW 5s COMPUTE min, max, avg, percentile(95)',
    queue_unacked: 'FROM * SELECT queue.unacked WINDOW 5s COMPUTE avg, max GROUP BY service.name',
    carts_nonempty: 'FROM web-* SELECT shop.carts.nonempty WINDOW 10s COMPUTE min, max, avg',
    rpc_calls: 'FROM * SELECT rpc.calls WINDOW 5s COMPUTE sum GROUP BY http.route',
    rpc_latency: 'FROM * SELECT rpc.latency WINDOW 10s COMPUTE count, avg, percentile(50, 95, 99) GROUP BY http.route',
    host_cpu: `FROM ${host} SELECT system.cpu.utilization WINDOW 5s COMPUTE min, max, avg`,
    host_memory: `FROM ${host} SELECT system.memory.utilization WINDOW 5s COMPUTE avg, max`,
    host_load: `FROM ${host} SELECT system.cpu.load_average.1m WINDOW 5s COMPUTE avg, max`,
    host_network: `FROM ${host} SELECT system.network.io WINDOW 5s COMPUTE sum GROUP BY network.io.direction`,
    host_disk: `FROM ${host} SELECT system.disk.io WINDOW 5s COMPUTE sum GROUP BY disk.io.direction`,
    host_eventloop: `FROM ${host} SELECT nodejs.eventloop.delay.p99 WINDOW 5s COMPUTE avg, max`,
  }
  return Object.entries(texts).map(([name, text]) => ({
    tenant,
    name,
    text,
    state: 'running',
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  }))
}
