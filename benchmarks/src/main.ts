// `npm run bench`, `npm run bench -- core sketch`, `npm run bench --silent -- --json`. See README.md.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { BenchRow } from './harness.ts'
import { formatRow, tableHead } from './table.ts'

/** Each part is a file `<part>.bench.ts` and gets a process of its own: heap and compiled code are its alone. */
const PARTS = ['sketch', 'otlp', 'core', 'core-slide'] as const
type Part = (typeof PARTS)[number]

const usage = `usage: npm run bench [-- [${PARTS.join('|')}]... [--json]]`

function isPart(name: string): name is Part {
  return (PARTS as readonly string[]).includes(name)
}

/** Resolves to the exit code of the part; hands on rows as they come. */
async function runPart(part: Part, onRow: (row: BenchRow) => void): Promise<number> {
  const script = fileURLToPath(new URL('run-part.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=windrow-source', script, part], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close') as Promise<[number | null]>
  for await (const line of createInterface({ input: child.stdout })) onRow(JSON.parse(line) as BenchRow)
  const [code] = await ended
  return code ?? 1
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } })
  const unknown = positionals.find((name) => !isPart(name))
  if (unknown !== undefined) {
    console.error(`there is no part "${unknown}"\n${usage}`)
    return 2
  }
  const parts = positionals.length === 0 ? PARTS : positionals.filter(isPart)
  if (!values.json) console.log(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`)
  let failed = 0
  for (const part of parts) {
    let rows = 0
    if (!values.json) console.log(`\n${part}\n${tableHead}`)
    const code = await runPart(part, (row) => {
      rows++
      console.log(values.json ? JSON.stringify(row) : formatRow(row))
    })
    if (code === 0 && rows > 0) continue
    failed++
    console.error(`part ${part} ${code === 0 ? 'measured nothing' : `ended with exit code ${code}`}`)
  }
  return failed === 0 ? 0 : 1
}

process.exitCode = await main()
