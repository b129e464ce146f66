import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { WindrowError } from '../../src/index.ts'
import { DirtyWindows, type RepairKey } from '../../src/repair/dirty-windows.ts'
import { decodeDirtyWindows, encodeDirtyWindows } from '../../src/repair/dirty-windows-codec.ts'
import { FixedWindows } from '../../src/window/fixed-windows.ts'

const A: RepairKey = { tenant: 'default', query: 'a', queryVersion: 1 }
const B: RepairKey = { tenant: 'default', query: 'b', queryVersion: 1 }

function windows(maxWindows = 100) {
  const dropped: unknown[] = []
  const dirty = new DirtyWindows({
    maxWindows,
    onDropped: (key, { startMs, endMs }) => dropped.push([key.query, startMs, endMs]),
  })
  return { dirty, dropped }
}

const list = (dirty: DirtyWindows) =>
  [...dirty.queries()].map(({ key, windows }) => [
    key.query,
    ...[...windows].map((w) => [w.startMs, w.endMs, w.writeNumber]),
  ])

describe('marks', () => {
  test('are kept once for each window, with the newest write', () => {
    const { dirty } = windows()
    dirty.mark(A, 0, 10, 1)
    dirty.mark(A, 10, 20, 1)
    dirty.mark(A, 0, 10, 5)
    dirty.mark(A, 0, 10, 3)
    dirty.mark(B, 0, 10, 2)
    expect(list(dirty)).toEqual([
      ['a', [0, 10, 5], [10, 20, 1]],
      ['b', [0, 10, 2]],
    ])
    expect(dirty.size).toBe(3)
  })

  test('are cleared unless a newer write set them again', () => {
    const { dirty } = windows()
    dirty.mark(A, 0, 10, 7)
    expect(dirty.clear(A, 0, 6)).toBe(false)
    expect(dirty.size).toBe(1)
    expect(dirty.clear(A, 0, 7)).toBe(true)
    expect(dirty.clear(A, 0, 7)).toBe(true)
    expect(list(dirty)).toEqual([])
    expect(dirty.size).toBe(0)
  })

  test('of tenants, names and versions do not mix', () => {
    const { dirty } = windows()
    const keys = [
      { tenant: 'a', query: '1:b', queryVersion: 1 },
      { tenant: 'a1', query: 'b', queryVersion: 1 },
      { tenant: 'a', query: 'b', queryVersion: 11 },
      { tenant: 'a', query: '1b', queryVersion: 1 },
    ]
    for (const key of keys) dirty.mark(key, 0, 10, 1)
    dirty.clearQuery(keys[0]!)
    expect([...dirty.queries()].map(({ key }) => key)).toEqual(keys.slice(1))
    expect(dirty.size).toBe(3)
  })

  test('beyond the limit drop the oldest over all queries', () => {
    const { dirty, dropped } = windows(2)
    dirty.mark(A, 10, 20, 1)
    dirty.mark(B, 0, 10, 2)
    dirty.mark(A, 10, 20, 3)
    dirty.mark(B, 10, 20, 4)
    expect(dropped).toEqual([['a', 10, 20]])
    expect(list(dirty)).toEqual([['b', [0, 10, 2], [10, 20, 4]]])
  })

  test('hold the newest, as a list that is searched through does, whatever was cleared before', () => {
    const step = fc.record({
      act: fc.constantFrom('mark', 'mark', 'mark', 'clear', 'clearQuery'),
      key: fc.constantFrom(A, B),
      startMs: fc.nat(12),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 1, max: 6 }), (steps, maxWindows) => {
        const { dirty, dropped } = windows(maxWindows)
        const expectedDropped: unknown[] = []
        let model: { key: RepairKey; startMs: number }[] = []
        for (const { act, key, startMs } of steps) {
          if (act === 'mark') {
            dirty.mark(key, startMs, startMs + 1, 1)
            if (!model.some((one) => one.key === key && one.startMs === startMs)) model.push({ key, startMs })
            const oldest = model.length > maxWindows ? model.shift() : undefined
            if (oldest !== undefined) expectedDropped.push([oldest.key.query, oldest.startMs, oldest.startMs + 1])
          } else {
            if (act === 'clear') dirty.clear(key, startMs, 1)
            else dirty.clearQuery(key)
            model = model.filter((one) => one.key !== key || (act === 'clear' && one.startMs !== startMs))
          }
          expect(dirty.size).toBe(model.length)
          for (const of of [A, B])
            expect(dirty.windowsOf(of).map((one) => one.startMs)).toEqual(
              model.filter((one) => one.key === of).map((one) => one.startMs),
            )
        }
        expect(dropped).toEqual(expectedDropped)
        expect(dirty.sizeOf('default')).toBe(model.length)
        expect(dirty.sizeOf('other')).toBe(0)
      }),
    )
  })

  test('of a range are all windows that hold some of it', () => {
    const scheme = new FixedWindows({ type: 'fixed', sizeMs: 20, stepMs: 10, offsetMs: 5 })
    const { dirty } = windows()
    dirty.markRange(A, scheme, 25, 36, 1)
    expect(list(dirty)).toEqual([['a', [15, 35, 1], [25, 45, 1], [35, 55, 1]]])
    dirty.markRange(B, scheme, 25, 25, 1)
    expect(dirty.size).toBe(3)
  })

  test('of a range beyond the limit report the rest as one interval, without walking through it', () => {
    const scheme = new FixedWindows({ type: 'fixed', sizeMs: 1_000, stepMs: 1_000, offsetMs: 0 })
    const { dirty, dropped } = windows(2)
    dirty.markRange(A, scheme, -8e15, 8e15, 1)
    expect(dropped).toEqual([['a', -8e15, 8e15 - 2_000]])
    expect(list(dirty)).toEqual([['a', [8e15 - 2_000, 8e15 - 1_000, 1], [8e15 - 1_000, 8e15, 1]]])
  })

  test('say that they changed when what would be saved did', () => {
    const { dirty } = windows()
    const changed = (change: () => void) => {
      const before = dirty.changes
      change()
      return dirty.changes !== before
    }
    expect(changed(() => dirty.mark(A, 0, 10, 1))).toBe(true)
    expect(changed(() => dirty.mark(A, 0, 10, 2))).toBe(false)
    expect(changed(() => dirty.clear(A, 0, 1))).toBe(false)
    expect(changed(() => dirty.clear(A, 0, 2))).toBe(true)
    dirty.mark(A, 0, 10, 1)
    expect(changed(() => dirty.clearQuery(A))).toBe(true)
    expect(changed(() => dirty.clearQuery(A))).toBe(false)
  })
})

const time = fc.integer({ min: -8.64e15, max: 8.64e15 - 1 })
const marks = fc.array(
  fc.record({
    key: fc.record({
      tenant: fc.string({ unit: 'grapheme' }),
      query: fc.constantFrom('a', 'b', '\u{feff}é'),
      queryVersion: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    }),
    startMs: time,
    lengthMs: fc.integer({ min: 1, max: 1e9 }),
  }),
)

function encoded(of: readonly { key: RepairKey; startMs: number; lengthMs: number }[]) {
  const { dirty } = windows()
  for (const { key, startMs, lengthMs } of of) dirty.mark(key, startMs, Math.min(8.64e15, startMs + lengthMs), 5)
  return { dirty, bytes: encodeDirtyWindows(dirty) }
}

describe('bytes', () => {
  test('bring every window back, its write number aside', () => {
    fc.assert(
      fc.property(marks, (of) => {
        const { dirty, bytes } = encoded(of)
        const expected = [...dirty.queries()].map(({ key, windows: marked }) => ({
          key,
          windows: [...marked].map(({ startMs, endMs }) => ({ startMs, endMs, writeNumber: 0 })),
        }))
        expect(decodeDirtyWindows(bytes)).toEqual(expected)
      }),
    )
  })

  test('that were changed, cut or lengthened are refused with an offset', () => {
    fc.assert(
      fc.property(
        marks,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.uint8Array({ minLength: 1 }),
        (of, at, by, more) => {
          const { bytes } = encoded(of)
          const changed = bytes.slice()
          const position = at % bytes.length
          changed[position] = bytes[position]! ^ by
          for (const bad of [changed, bytes.slice(0, position), Uint8Array.of(...bytes, ...more)])
            expect(() => decodeDirtyWindows(bad)).toThrow(
              expect.objectContaining({
                code: expect.stringMatching(/^STATE_(CORRUPT|VERSION)$/),
                details: expect.objectContaining({ offset: expect.any(Number) }),
              }),
            )
        },
      ),
    )
  })

  test('of any kind are either windows or a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeDirtyWindows(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(WindrowError)
        }
      }),
    )
  })

  test('of another version are told from damaged ones', () => {
    const { bytes } = encoded([])
    bytes[2] = 2
    expect(() => decodeDirtyWindows(bytes)).toThrow(expect.objectContaining({ code: 'STATE_VERSION' }))
  })
})
