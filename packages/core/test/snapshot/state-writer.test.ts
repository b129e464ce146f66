import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WindrowError } from '../../src/errors.ts'
import { swapped } from '../../src/snapshot/little-endian.ts'
import { readSnapshot } from '../../src/snapshot/read-snapshot.ts'
import type { StateReader } from '../../src/snapshot/state-reader.ts'
import type { StateWriter } from '../../src/snapshot/state-writer.ts'
import { failureOf, sectionBytes, TYPE, throughSection } from './fixture.ts'

interface Value {
  readonly written: unknown
  readonly write: (writer: StateWriter) => void
  readonly read: (reader: StateReader) => unknown
}

function values<T>(
  arbitrary: fc.Arbitrary<T>,
  write: (writer: StateWriter, value: T) => void,
  read: (reader: StateReader) => unknown,
): fc.Arbitrary<Value> {
  return arbitrary.map((value) => ({ written: value, write: (writer) => write(writer, value), read }))
}

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.string({ minLength: 60, maxLength: 200 }),
  fc.constant('\ufeffa'),
  fc.constant('\ud800x\udc00'),
)
const anyValue: fc.Arbitrary<Value> = fc.oneof(
  values(
    fc.nat(255),
    (w, v) => w.u8(v),
    (r) => r.u8('v'),
  ),
  values(
    fc.boolean(),
    (w, v) => w.boolean(v),
    (r) => r.boolean('v'),
  ),
  values(
    fc.nat(2 ** 32 - 1),
    (w, v) => w.u32(v),
    (r) => r.u32('v'),
  ),
  values(
    fc.double(),
    (w, v) => w.f64(v),
    (r) => r.f64('v'),
  ),
  values(
    fc.maxSafeNat(),
    (w, v) => w.varint(v),
    (r) => r.varint('v'),
  ),
  values(
    fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
    (w, v) => w.zigzag(v),
    (r) => r.zigzag('v'),
  ),
  values(
    texts,
    (w, v) => w.text(v),
    (r) => r.text('v'),
  ),
  values(
    texts,
    (w, v) => w.symbol(v),
    (r) => r.symbol('v'),
  ),
  values(
    fc.uint8Array(),
    (w, v) => w.bytes(v),
    (r) => r.bytes('v'),
  ),
  values(
    fc.uint32Array(),
    (w, v) => w.row(v),
    (r) => r.u32s('v'),
  ),
  values(
    fc.float32Array(),
    (w, v) => w.row(v),
    (r) => r.f32s('v'),
  ),
  values(
    fc.float64Array(),
    (w, v) => w.row(v),
    (r) => r.f64s('v'),
  ),
)

test('what is written is read back, every bit of it', () =>
  fc.assert(
    fc.asyncProperty(fc.array(anyValue, { maxLength: 50 }), async (all) => {
      await throughSection(
        (writer) => {
          for (const value of all) value.write(writer)
        },
        (reader) => {
          for (const value of all) expect(value.read(reader)).toStrictEqual(value.written)
          expect(reader.remaining).toBe(0)
        },
      )
    }),
  ))

test('values lie across the ends of parts', async () => {
  const padding = new Uint8Array(256 * 1024 - 24)
  for (let cut = 0; cut < 90; cut += 5) {
    const row = Float64Array.from({ length: 33_000 }, (_, i) => i / 7)
    await throughSection(
      (writer) => {
        writer.row(padding, cut)
        writer.f64(0.1)
        writer.text('a'.repeat(70))
        writer.text('ä'.repeat(140_000))
        writer.symbol('short')
        writer.varint(Number.MAX_SAFE_INTEGER)
        writer.row(row)
      },
      (reader) => {
        expect(reader.bytes('padding')).toHaveLength(padding.length - cut)
        expect(reader.f64('number')).toBe(0.1)
        expect(reader.text('text')).toBe('a'.repeat(70))
        expect(reader.text('text') === 'ä'.repeat(140_000)).toBe(true)
        expect(reader.symbol('symbol')).toBe('short')
        expect(reader.varint('integer')).toBe(Number.MAX_SAFE_INTEGER)
        expect(reader.f64s('row')).toStrictEqual(row)
      },
    )
  }
})

test('a part of a row is written, and what may come often is written once', () => {
  const row = Float64Array.of(1, 2, 3, 4)
  const once = sectionBytes((writer) => writer.symbol('a name that comes often')).length
  const often = sectionBytes((writer) => {
    for (let i = 0; i < 10; i++) writer.symbol('a name that comes often')
  })
  expect(often.length - once).toBe(9)
  return throughSection(
    (writer) => writer.row(row, 1, 3),
    (reader) => expect(reader.f64s('row')).toStrictEqual(Float64Array.of(2, 3)),
  )
})

describe('a length that cannot be', () => {
  const readings: Record<string, (reader: StateReader) => unknown> = {
    text: (reader) => reader.text('text'),
    bytes: (reader) => reader.bytes('bytes'),
    u32s: (reader) => reader.u32s('row'),
    f32s: (reader) => reader.f32s('row'),
    f64s: (reader) => reader.f64s('row'),
    count: (reader) => reader.count('things'),
  }
  test.each(Object.keys(readings))('is refused before memory is taken for it (%s)', async (name) => {
    for (const length of [3, 1_000, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
      const reading = throughSection(
        (writer) => {
          writer.varint(length)
          writer.u8(1)
        },
        (reader) => {
          if (length === 3 && name === 'text') reader.corrupt('a text of one byte is right')
          readings[name]!(reader)
        },
      )
      await expect(reading).rejects.toMatchObject({ code: 'STATE_CORRUPT', details: { section: TYPE } })
    }
  })
})

test.each([
  ['a boolean that is neither', (w: StateWriter) => w.u8(2), (r: StateReader) => r.boolean('v'), 32],
  ['an index out of range', (w: StateWriter) => w.varint(7), (r: StateReader) => r.index('v', 7), 32],
  [
    'a varint of nine bytes',
    (w: StateWriter) => w.row(new Uint8Array(9).fill(0x80)),
    (r: StateReader) => [r.u8('n'), r.varint('v')],
    41,
  ],
  ['a symbol that never came', (w: StateWriter) => w.varint(2), (r: StateReader) => r.symbol('v'), 32],
  [
    'bytes that are not UTF-8',
    (w: StateWriter) => w.row(Uint8Array.of(4, 0xff, 0xff)),
    (r: StateReader) => [r.u8('n'), r.text('v')],
    34,
  ],
  ['half a unit', (w: StateWriter) => w.row(Uint8Array.of(3, 0xff)), (r: StateReader) => [r.u8('n'), r.text('v')], 34],
  ['nothing where a number should be', (w: StateWriter) => w.u8(1), (r: StateReader) => r.f64('v'), 32],
  ['something left over', (w: StateWriter) => w.u32(1), (r: StateReader) => r.u8('v'), 33],
])('%s is refused, with its place in the snapshot', async (_, save, load, offset) => {
  expect(await failureOf(throughSection(save, load))).toEqual({ code: 'STATE_CORRUPT', offset })
})

test('the complaint about an encoding within the section names the place in the snapshot', async () => {
  const bytes = sectionBytes((writer) => writer.bytes(Uint8Array.of(1, 2, 3)))
  const load = (reader: StateReader) =>
    reader.decoded('thing', () => {
      throw new WindrowError('STATE_VERSION', 'of its own', { details: { offset: 1 } })
    })
  const reading = readSnapshot([bytes], { [TYPE]: load })
  await expect(reading).rejects.toMatchObject({
    code: 'STATE_CORRUPT',
    message: expect.stringContaining('thing: of its own'),
    details: { offset: 32 },
  })
})

test('the bytes of each number can be turned around', () => {
  expect(swapped(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 4)).toEqual(Uint8Array.of(4, 3, 2, 1, 8, 7, 6, 5))
  expect(swapped(Uint8Array.of(1, 2, 3), 1)).toEqual(Uint8Array.of(1, 2, 3))
})
