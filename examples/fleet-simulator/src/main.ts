import { parseArgs } from 'node:util'
import { Fleet } from './fleet.ts'

const HELP = `Sends the metrics of a simulated fleet as OTLP/HTTP protobuf, once a second, until stopped.

  --url URL        where to        (default http://127.0.0.1:4318/v1/metrics)
  --servers N      1 to 10,000     (default 50)
  --metrics N      series a server (default 9, at most 2,000)
  --seed N         same seed, same fleet (default 1)
  --connections N  requests under way at a time (default 4)`

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:4318/v1/metrics' },
    servers: { type: 'string', default: '50' },
    metrics: { type: 'string', default: '9' },
    seed: { type: 'string', default: '1' },
    connections: { type: 'string', default: '4' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(HELP)
} else {
  const fleet = createFleet()
  if (fleet !== undefined) {
    process.once('SIGINT', () => fleet.stop())
    process.once('SIGTERM', () => fleet.stop())
    await fleet.run()
    console.log(JSON.stringify(fleet.stats))
  }
}

function createFleet(): Fleet | undefined {
  try {
    return new Fleet({
      url: values.url,
      servers: Number(values.servers),
      metrics: Number(values.metrics),
      seed: Number(values.seed),
      connections: Number(values.connections),
    })
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
    return undefined
  }
}
