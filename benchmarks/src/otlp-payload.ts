/** A repeated sender's payload: one resource, one scope, a gauge with one point and one attribute per metric. */

const TWO_32 = 4_294_967_296
const encoder = new TextEncoder()

export interface OtlpPayload {
  readonly bytes: Uint8Array
  readonly points: number
  /** Sum of all values, to check that all of them were read. */
  readonly valueSum: number
}

/** `collection` counts the sender's reports: times and values differ from one to the next, the rest does not. */
export function gaugePayload(points: number, collection: number): OtlpPayload {
  const timeMs = 1_700_000_000_000 + collection * 1000
  const metrics: number[] = []
  let valueSum = 0
  for (let i = 0; i < points; i++) {
    const value = i + collection
    valueSum += value
    const attribute = lengthField(7, [
      ...textField(1, 'queue'),
      ...lengthField(2, textField(1, `queue-${String(i).padStart(6, '0')}`)),
    ])
    const point = [...timeField(3, timeMs), ...doubleField(4, value), ...attribute]
    append(
      metrics,
      lengthField(2, [
        ...textField(1, `shop.metric.${String(i).padStart(5, '0')}`),
        ...textField(3, '1'),
        ...lengthField(5, lengthField(1, point)),
      ]),
    )
  }
  const host = [...textField(1, 'host.name'), ...lengthField(2, textField(1, 'web-00017'))]
  const scope = lengthField(1, textField(1, 'benchmark'))
  const resource = lengthField(1, lengthField(1, host))
  const bytes = Uint8Array.from(lengthField(1, [...resource, ...lengthField(2, [...scope, ...metrics])]))
  return { bytes, points, valueSum }
}

function append(to: number[], bytes: readonly number[]): void {
  for (const byte of bytes) to.push(byte)
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  bytes.push(rest)
  return bytes
}

function lengthField(field: number, content: readonly number[]): number[] {
  const bytes = [...varint((field << 3) | 2), ...varint(content.length)]
  append(bytes, content)
  return bytes
}

function textField(field: number, text: string): number[] {
  return lengthField(field, [...encoder.encode(text)])
}

function doubleField(field: number, value: number): number[] {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, value, true)
  return [(field << 3) | 1, ...bytes]
}

function timeField(field: number, timeMs: number): number[] {
  const nanos = BigInt(timeMs) * 1_000_000n
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, Number(nanos % BigInt(TWO_32)), true)
  view.setUint32(4, Number(nanos / BigInt(TWO_32)), true)
  return [(field << 3) | 1, ...new Uint8Array(view.buffer)]
}
