// Runs one part in this process and prints a JSON object a line: `node run-part.ts core`.
import type { BenchRow, Report } from './harness.ts'

const part = process.argv[2] ?? ''
const { run } = (await import(`./${part}.bench.ts`)) as { run: (report: Report) => void | Promise<void> }
await run((row: BenchRow) => process.stdout.write(`${JSON.stringify(row)}\n`))
