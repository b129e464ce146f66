import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c } from '../../src/snapshot/crc32c.ts'
import { readSnapshot } from '../../src/snapshot/read-snapshot.ts'
import { SnapshotWriter } from '../../src/snapshot/snapshot-writer.ts'
import { bytesOf, failureOf, randomOf } from './fixture.ts'

const CREATED_MS = 1_700_000_000_000
const HEADER = 24
const FIRST_SECTION = 11

/** Sections of several types, one empty, one written later; what is loaded is noted in `came`. */
function small() {
  const snapshot = new SnapshotWriter({ createdMs: CREATED_MS })
  snapshot.section(FIRST_SECTION, (writer) => writer.text('first'))
  snapshot.section(12, () => {})
  snapshot.later(13, [(writer) => writer.text('later'), (writer) => writer.text('latest')])
  snapshot.section(FIRST_SECTION, (writer) => writer.text('last'))
  const came: string[] = []
  const loaders = {
    11: (reader: { text(what: string): string }) => void came.push(`11 ${reader.text('text')}`),
    12: () => void came.push('12'),
    13: (reader: { text(what: string): string }) => void came.push(`13 ${reader.text('text')}`),
  }
  return { bytes: bytesOf(snapshot), loaders, came }
}

/** With the checksums of all parts as they should be. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer)
  let checksum = crc32c(bytes.subarray(0, HEADER - 4))
  view.setUint32(HEADER - 4, checksum, true)
  for (let at = HEADER; at < bytes.length; ) {
    const end = at + 8 + view.getUint32(at + 4, true)
    checksum = crc32c(bytes.subarray(at, end), checksum)
    view.setUint32(end, checksum, true)
    at = end + 4
  }
  return bytes
}

function changed(change: (view: DataView) => void): Uint8Array {
  const { bytes } = small()
  change(new DataView(bytes.buffer))
  return withChecksums(bytes)
}

test('the checksum is CRC-32C, of the whole or of one piece after another', () => {
  const text = new TextEncoder().encode('123456789')
  expect(crc32c(text)).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  for (let cut = 0; cut <= text.length; cut++)
    expect(crc32c(text.subarray(cut), crc32c(text.subarray(0, cut)))).toBe(0xe3069283)
})

test('sections come in the order in which they were asked for, however the bytes are cut', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1 }), async (sizes) => {
      const { bytes, loaders, came } = small()
      // What a producer gives out it may write over as soon as it is asked for more.
      async function* chunks(): AsyncGenerator<Uint8Array> {
        const buffer = new Uint8Array(61)
        let next = 0
        for (let at = 0; at < bytes.length; ) {
          const size = next < sizes.length ? sizes[next++]! : 61
          buffer.fill(0xee)
          buffer.set(bytes.subarray(at, at + size))
          yield buffer.subarray(0, Math.min(size, bytes.length - at))
          at += size
        }
      }
      const info = await readSnapshot(chunks(), loaders)
      expect(came).toEqual(['11 first', '12', '13 later', '13 latest', '11 last'])
      expect(info).toEqual({
        formatVersion: 1,
        createdMs: CREATED_MS,
        sections: new Map([
          [11, 2],
          [12, 1],
          [13, 2],
        ]),
        sizeBytes: bytes.length,
      })
    }),
  ))

test('a section of many parts comes as one, and no piece is longer than 256 KiB', async () => {
  const random = randomOf(7)
  const numbers = Float64Array.from({ length: 300_000 }, () => random(1))
  const snapshot = new SnapshotWriter({ createdMs: Number.NEGATIVE_INFINITY })
  snapshot.section(1, (writer) => writer.row(numbers))
  snapshot.later(2, [(writer) => writer.row(numbers)])
  const chunks = [...snapshot.chunks()]
  for (const chunk of chunks) expect(chunk.length).toBeLessThanOrEqual(256 * 1024)
  expect(chunks.length).toBeGreaterThan(18)
  let came = 0
  const load = (reader: { f64s(what: string): Float64Array }) => {
    came++
    expect(Buffer.from(reader.f64s('numbers').buffer).equals(Buffer.from(numbers.buffer))).toBe(true)
  }
  const info = await readSnapshot(chunks, { 1: load, 2: load })
  expect([came, info.createdMs]).toEqual([2, Number.NEGATIVE_INFINITY])
})

test('what is written later is written as its pieces are taken', () => {
  const snapshot = new SnapshotWriter({ createdMs: 0 })
  const log: string[] = []
  snapshot.later(
    1,
    (function* () {
      for (let i = 0; i < 3; i++) {
        log.push(`section ${i}`)
        yield (writer) => writer.row(new Uint8Array(300_000))
      }
    })(),
  )
  const chunks = snapshot.chunks()
  chunks.next()
  expect(log).toEqual([])
  chunks.next()
  expect(log).toEqual(['section 0'])
  expect([...chunks].length).toBeGreaterThan(3)
  expect(log).toEqual(['section 0', 'section 1', 'section 2'])
  expect(() => snapshot.chunks().next()).toThrow(TypeError)
})

test('every prefix is refused, at its end', async () => {
  const { bytes, loaders } = small()
  for (let end = 0; end < bytes.length; end++)
    expect(await failureOf(readSnapshot([bytes.subarray(0, end)], loaders))).toEqual({
      code: 'STATE_CORRUPT',
      offset: end,
    })
})

test('every flipped bit is noticed before the section it is in is handed over', async () => {
  const { bytes } = small()
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    let loadedTo = 0
    const load = (reader: { offset: number; remaining: number; skip(): void }) => {
      loadedTo = reader.offset + reader.remaining
      reader.skip()
    }
    const failure = await failureOf(readSnapshot([flipped], { 11: load, 12: load, 13: load }))
    expect(failure?.code).toBe('STATE_CORRUPT')
    expect(failure?.offset).toEqual(expect.any(Number))
    expect(loadedTo).toBeLessThanOrEqual(bit >> 3)
  }
})

test('bytes of any kind are refused and never something else', () =>
  fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(120), async (noise, at) => {
      const { bytes, loaders } = small()
      const mixed = Uint8Array.from([...bytes.subarray(0, at), ...noise, ...bytes.subarray(at + noise.length)])
      const failure = await failureOf(readSnapshot([mixed], loaders))
      if (Buffer.from(mixed).equals(Buffer.from(bytes))) expect(failure).toBeUndefined()
      else expect(failure?.code).toBe('STATE_CORRUPT')
    }),
  ))

test('a section that is lost, doubled or out of order is noticed', async () => {
  const { bytes, loaders } = small()
  const view = new DataView(bytes.buffer)
  const starts: number[] = []
  for (let at = HEADER; at < bytes.length; at += 12 + view.getUint32(at + 4, true)) starts.push(at)
  const parts = starts.map((start, i) => bytes.subarray(start, starts[i + 1] ?? bytes.length))
  const orders = [
    [1, 2, 3, 4, 5],
    [0, 0, 1, 2, 3, 4, 5],
    [1, 0, 2, 3, 4, 5],
    [0, 1, 3, 2, 4, 5],
    [0, 1, 2, 3, 5],
    [0, 1, 2, 3, 4, 5, 5],
  ]
  for (const order of orders) {
    const chunks = [bytes.subarray(0, HEADER), ...order.map((i) => parts[i]!)]
    expect((await failureOf(readSnapshot(chunks, loaders)))?.code).toBe('STATE_CORRUPT')
  }
})

describe('with right checksums', () => {
  test('another format version is refused with both numbers and what to do', async () => {
    const { loaders } = small()
    for (const version of [0, 2, 77])
      await expect(readSnapshot([changed((view) => view.setUint16(8, version, true))], loaders)).rejects.toMatchObject({
        code: 'STATE_VERSION',
        message: `snapshot has format version ${version}, this library reads 1`,
        hint: expect.stringContaining('the version of the library that wrote it'),
        details: { offset: 8, version, newestVersion: 1 },
      })
  })

  test('a section of an unknown type is refused, unless it may be left out', async () => {
    const { bytes, loaders, came } = small()
    const { 13: _, ...others } = loaders
    await expect(readSnapshot([bytes], others)).rejects.toMatchObject({
      code: 'STATE_VERSION',
      details: { section: 13, offset: expect.any(Number) },
    })
    expect(came).toEqual(['11 first', '12'])
    const snapshot = new SnapshotWriter({ createdMs: 0 })
    snapshot.section(99, (writer) => writer.row(new Uint8Array(600_000)), { optional: true })
    snapshot.later(98, [(writer) => writer.u8(1)], { optional: true })
    snapshot.section(FIRST_SECTION, (writer) => writer.text('known'))
    came.length = 0
    await readSnapshot([bytesOf(snapshot)], loaders)
    expect(came).toEqual(['11 known'])
  })

  test.each([
    ['unknown flags of the header', (view: DataView) => view.setUint16(10, 1, true), 10],
    ['unknown flags of a part', (view: DataView) => view.setUint16(HEADER + 2, 4, true), HEADER],
    ['a section that another type goes on', (view: DataView) => view.setUint16(HEADER + 2, 2, true), 50],
    ['an end with another number of sections', (view: DataView) => view.setUint32(view.byteLength - 8, 4, true), 0],
    ['an end with flags', (view: DataView) => view.setUint16(view.byteLength - 14, 1, true), 0],
  ])('%s is refused', async (_, change, offset) => {
    const { loaders } = small()
    const bytes = changed(change)
    expect(await failureOf(readSnapshot([bytes], loaders))).toEqual({
      code: 'STATE_CORRUPT',
      offset: offset === 0 ? bytes.length - 8 : offset,
    })
  })

  test('a part longer than 1 MiB is refused before it is read', async () => {
    const { bytes, loaders } = small()
    new DataView(bytes.buffer).setUint32(HEADER + 4, 0xffff_ffff, true)
    expect(await failureOf(readSnapshot([bytes], loaders))).toEqual({ code: 'STATE_CORRUPT', offset: HEADER })
  })

  test('what follows the end is refused', async () => {
    const { bytes, loaders } = small()
    expect(await failureOf(readSnapshot([bytes, Uint8Array.of(0)], loaders))).toEqual({
      code: 'STATE_CORRUPT',
      offset: bytes.length,
    })
  })
})

test('a producer is told when no more is wanted, and its own error is passed on', async () => {
  const { bytes, loaders } = small()
  let closed = 0
  async function* chunks(failing: boolean): AsyncGenerator<Uint8Array> {
    try {
      yield bytes.subarray(0, 30)
      if (failing) throw new Error('disk')
      yield Uint8Array.from(bytes.subarray(30), (byte) => ~byte)
      yield bytes
    } finally {
      closed++
    }
  }
  await expect(readSnapshot(chunks(true), loaders)).rejects.toThrow('disk')
  await expect(readSnapshot(chunks(false), loaders)).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
  expect(closed).toBe(2)
})

test('a section type that no number of 16 bits can be is a mistake of the program', () => {
  const snapshot = new SnapshotWriter({ createdMs: 0 })
  for (const type of [0, -1, 1.5, 0x1_0000]) expect(() => snapshot.section(type, () => {})).toThrow(RangeError)
})
