import type { BenchRow } from './harness.ts'

const widths = { name: 52, value: 12, unit: 12, spread: 8, peer: 26, peerValue: 12 }

const line = (
  name: string,
  value: string,
  unit: string,
  spread: string,
  peer: string,
  peerValue: string,
  ratio: string,
): string =>
  [
    name.padEnd(widths.name),
    value.padStart(widths.value),
    unit.padEnd(widths.unit),
    spread.padStart(widths.spread),
    peer.padEnd(widths.peer),
    peerValue.padStart(widths.peerValue),
    ratio,
  ]
    .join('  ')
    .trimEnd()

/** Three significant digits, thousands parted; never in exponent form. */
function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 4
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}

export const tableHead: string = line('what', 'value', 'unit', 'spread', 'peer', 'peer value', 'ratio')

/** A row for people; `ratio` above 1 means ours is better. */
export function formatRow({ name, value, unit, spread, peer, peerValue, ratio }: BenchRow): string {
  return line(
    name,
    formatNumber(value),
    unit,
    spread === undefined ? '' : `${Math.round(spread * 100)} %`,
    peer ?? '',
    peerValue === undefined ? '' : formatNumber(peerValue),
    ratio === undefined ? '' : `${formatNumber(ratio)} x`,
  )
}
