/** A gauge point of an OTLP request. */
export interface GaugePoint {
  readonly timeMs: number
  readonly value: number
}

/** An `ExportMetricsServiceRequest` with one gauge of one host, as OTLP/JSON. */
export function otlpJson(host: string, metric: string, points: readonly GaugePoint[]): string {
  return JSON.stringify({
    resourceMetrics: [
      {
        resource: { attributes: [{ key: 'host.name', value: { stringValue: host } }] },
        scopeMetrics: [
          {
            metrics: [
              {
                name: metric,
                unit: '1',
                gauge: {
                  dataPoints: points.map(({ timeMs, value }) => ({
                    timeUnixNano: `${timeMs}000000`,
                    asDouble: value,
                  })),
                },
              },
            ],
          },
        ],
      },
    ],
  })
}

/** The same request as protobuf; field numbers of opentelemetry-proto v1. */
export function otlpProtobuf(host: string, metric: string, points: readonly GaugePoint[]): Buffer {
  const text = (field: number, value: string): Buffer => message(field, Buffer.from(value))
  const dataPoints = points.map(({ timeMs, value }) =>
    message(1, fixed64(3, BigInt(timeMs) * 1_000_000n), double(4, value)),
  )
  const gauge = message(2, text(1, metric), text(3, '1'), message(5, ...dataPoints))
  const resource = message(1, message(1, text(1, 'host.name'), message(2, text(1, host))))
  return message(1, resource, message(2, gauge))
}

/** Fields of a protobuf message that this file's readers need: number to the raw contents. */
export function readFields(bytes: Uint8Array): Map<number, (bigint | Buffer)[]> {
  const fields = new Map<number, (bigint | Buffer)[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    let content: bigint | Buffer
    if ((tag & 7) === 0) content = varint()
    else if ((tag & 7) === 2) {
      const length = Number(varint())
      content = Buffer.from(bytes.subarray(at, at + length))
      at += length
    } else throw new Error(`unexpected wire type in tag ${tag}`)
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), content])
  }
  return fields
}

function message(field: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  return Buffer.concat([varintBytes((field << 3) | 2), varintBytes(content.length), content])
}

function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return Buffer.concat([varintBytes((field << 3) | 1), bytes])
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return Buffer.concat([varintBytes((field << 3) | 1), bytes])
}

function varintBytes(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return Buffer.from([...bytes, rest])
}
