import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteInterner } from '../../../src/internal/byte-interner.ts'

describe('the byte interner', () => {
  it('gives equal bytes of a context one number, and no others', () => {
    const key = fc.record({ context: fc.integer({ min: 0, max: 2 }), bytes: fc.uint8Array({ max: 3, maxLength: 9 }) })
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 400 }), fc.integer({ min: 0, max: 3 }), (keys, offset) => {
        const interner = new ByteInterner()
        const model = new Map<string, number>()
        for (const { context, bytes } of keys) {
          const padded = new Uint8Array(offset + bytes.length + 4).fill(0xee)
          padded.set(bytes, offset)
          const view = new DataView(padded.buffer)
          const text = `${context}:${bytes}`
          const expected = model.get(text) ?? -1
          expect(interner.find(context, view, offset, offset + bytes.length)).toBe(expected)
          if (expected >= 0) continue
          expect(interner.add(context, view, offset, offset + bytes.length)).toBe(model.size)
          model.set(text, model.size)
        }
        expect(interner.size).toBe(model.size)
      }),
    )
  })

  it('starts anew after clear', () => {
    const interner = new ByteInterner()
    const view = new DataView(new ArrayBuffer(100_000))
    interner.add(1, view, 0, 100_000)
    expect(interner.sizeBytes).toBeGreaterThan(100_000)
    interner.clear()
    expect(interner.find(1, view, 0, 100_000)).toBe(-1)
    expect(interner.sizeBytes).toBeLessThan(50_000)
    expect(interner.add(1, view, 0, 0)).toBe(0)
  })
})
