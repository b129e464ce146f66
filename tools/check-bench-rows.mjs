// Reads the rows of `npm run bench -- --json` and fails unless every line is a row with finite numbers.
import { createInterface } from 'node:readline'

const isNumber = (value) => Number.isFinite(value)
const isText = (value) => typeof value === 'string' && value !== ''
const optional = (value, check) => value === undefined || check(value)

let rows = 0
let wrong = 0
for await (const line of createInterface({ input: process.stdin })) {
  let row
  try {
    row = JSON.parse(line)
  } catch {
    row = {}
  }
  const right =
    isText(row.name) &&
    isText(row.unit) &&
    isNumber(row.value) &&
    optional(row.spread, isNumber) &&
    optional(row.peer, isText) &&
    optional(row.peerValue, isNumber) &&
    optional(row.ratio, isNumber)
  if (right) rows++
  else {
    wrong++
    console.log(`FAIL  not a row: ${line}`)
  }
}
console.log(`${rows} passed, ${wrong} failed`)
if (rows === 0 || wrong > 0) process.exitCode = 1
