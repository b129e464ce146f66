import { describe, expect, it } from 'vitest'
import { CounterPairs, MAX_HELD } from '../../src/counter/counter-pairs.ts'
import { amountsOf, pairsOf, releasedBy } from './pair-counters.ts'

const NONE = undefined

describe('neighbours in time', () => {
  it('gives the difference at the time of the later sample, once the watermark has reached it', () => {
    const pairs = pairsOf('baseline')
    expect(pairs.take(0, 1000, 10, 0)).toBe('held')
    expect(pairs.take(0, 2000, 14, 0)).toBe('held')
    expect(releasedBy(pairs, 1999)).toEqual([{ ref: 0, timeMs: 1000, amount: NONE }])
    expect(releasedBy(pairs, 1999)).toEqual([])
    expect(releasedBy(pairs, 2000)).toEqual([{ ref: 0, timeMs: 2000, amount: 4 }])
  })

  it('pairs by time, not by arrival', () => {
    expect(
      amountsOf(pairsOf('zero'), [
        [3000, 9],
        [1000, 2],
        [4000, 10],
        [2000, 5],
      ]),
    ).toEqual([2, 3, 4, 1])
  })

  it('puts all that happened in a gap at its end', () => {
    expect(
      amountsOf(pairsOf('baseline'), [
        [1000, 5],
        [3_601_000, 805],
      ]),
    ).toEqual([NONE, 800])
  })

  it('calls a sample late that is not later than the last one paired, and changes nothing for it', () => {
    const pairs = pairsOf('zero')
    pairs.take(0, 1000, 1, 0)
    pairs.take(0, 3000, 3, 0)
    releasedBy(pairs, 3000)
    expect(pairs.take(0, 2000, 2, 0)).toBe('late')
    expect(pairs.take(0, 3000, 7, 0)).toBe('late')
    pairs.take(0, 4000, 10, 0)
    expect(releasedBy(pairs, 4000)).toEqual([{ ref: 0, timeMs: 4000, amount: 7 }])
  })

  it('takes a sample behind the watermark as long as none later is paired', () => {
    const pairs = pairsOf('zero')
    pairs.take(0, 1000, 1, 0)
    releasedBy(pairs, 5000)
    expect(pairs.take(0, 2000, 3, 0)).toBe('held')
    expect(releasedBy(pairs, 5000)).toEqual([{ ref: 0, timeMs: 2000, amount: 2 }])
  })

  it('never makes an amount between two samples of one time: the first one taken wins', () => {
    const pairs = pairsOf('zero')
    pairs.take(0, 1000, 1, 0)
    pairs.take(0, 2000, 5, 0)
    expect(pairs.take(0, 1000, 3, 0)).toBe('late')
    expect(pairs.take(0, 2000, 9, 0)).toBe('late')
    expect(releasedBy(pairs, 2000).map(({ amount }) => amount)).toEqual([1, 4])
  })

  it('keeps series apart', () => {
    const pairs = pairsOf('zero', [3, 70])
    pairs.take(70, 1000, 100, 0)
    pairs.take(3, 1000, 1, 0)
    pairs.take(70, 2000, 150, 0)
    expect(releasedBy(pairs, 1500)).toEqual([
      { ref: 70, timeMs: 1000, amount: 100 },
      { ref: 3, timeMs: 1000, amount: 1 },
    ])
    expect(releasedBy(pairs, 2000)).toEqual([{ ref: 70, timeMs: 2000, amount: 50 }])
  })
})

describe('the first sample', () => {
  it.each([
    { policy: 'zero', name: 'counts whole', startMs: 0, coversFromMs: 0, amount: 7 },
    { policy: 'baseline', name: 'counts nothing', startMs: 900, coversFromMs: 500, amount: NONE },
    { policy: 'auto', name: 'counts when all of it happened since', startMs: 500, coversFromMs: 500, amount: 7 },
    { policy: 'auto', name: 'is a base line when it began before', startMs: 499, coversFromMs: 500, amount: NONE },
    { policy: 'auto', name: 'is a base line without a start', startMs: 0, coversFromMs: -1, amount: NONE },
    { policy: 'auto', name: 'is a base line without duration', startMs: 1000, coversFromMs: 500, amount: NONE },
  ] as const)('$policy: it $name', ({ policy, startMs, coversFromMs, amount }) => {
    const pairs = pairsOf(policy)
    pairs.take(0, 1000, 7, startMs)
    expect(releasedBy(pairs, 1000, coversFromMs)).toEqual([{ ref: 0, timeMs: 1000, amount }])
  })

  it('is judged when the watermark reaches it, and only once', () => {
    const asked: string[] = []
    const pairs = new CounterPairs({
      firstPolicy: (ref) => {
        asked.push(`policy of ${ref}`)
        return ref === 1 ? 'auto' : 'zero'
      },
    })
    for (const ref of [1, 2]) {
      pairs.watch(ref)
      for (const timeMs of [1000, 2000]) pairs.take(ref, timeMs, 5, 900)
    }
    expect(asked).toEqual([])
    expect(releasedBy(pairs, 2000).map(({ amount }) => amount)).toEqual([5, 0, 5, 0])
    expect(asked).toEqual(['policy of 1', 'policy of 2'])
  })
})

it('a first amount that was paired early is still only for who knows of all of it', () => {
  const pairs = pairsOf('auto')
  for (let at = 0; at <= MAX_HELD; at++) pairs.take(0, 1000 + at, 7 + at, 500)
  expect(pairs.pairedEarly).toBe(1)
  const sinces: number[] = []
  pairs.release(1001, (_ref, _timeMs, _amount, sinceMs) => sinces.push(sinceMs))
  expect(sinces).toEqual([500, Number.POSITIVE_INFINITY])
})

describe('resets', () => {
  it('counts from zero when the value is lower', () => {
    const pairs = pairsOf('baseline')
    expect(
      amountsOf(pairs, [
        [1000, 100],
        [2000, 130],
        [3000, 4],
        [4000, 9],
      ]),
    ).toEqual([NONE, 30, 4, 5])
    expect(pairs.resets).toBe(1)
  })

  it('counts from zero when the start time is new, even if the value is higher', () => {
    const pairs = pairsOf('baseline')
    expect(
      amountsOf(pairs, [
        [1000, 100, 1],
        [2000, 130, 1000],
        [3000, 131, 1000],
      ]),
    ).toEqual([NONE, 130, 1])
    expect(pairs.resets).toBe(1)
  })

  it('counts from zero when the value is lower at the same start time', () => {
    expect(
      amountsOf(pairsOf('baseline'), [
        [1000, 100, 1],
        [2000, 30, 1],
      ]),
    ).toEqual([NONE, 30])
  })

  it('inside the lateness is told right, though the sample before it comes last', () => {
    expect(
      amountsOf(pairsOf('baseline'), [
        [1000, 100],
        [3000, 5],
        [2000, 160],
        [4000, 6],
      ]),
    ).toEqual([NONE, 60, 5, 1])
  })

  it.each([
    {
      name: 'later',
      samples: [
        [1000, 100, 1],
        [2000, 130, 0],
      ],
    },
    {
      name: 'earlier',
      samples: [
        [1000, 100, 0],
        [2000, 130, 1500],
      ],
    },
  ] as const)('an unknown start of the $name sample leaves it to the values', ({ samples }) => {
    expect(amountsOf(pairsOf('baseline'), samples)).toEqual([NONE, 30])
  })

  it('a run resumed by a point without duration leaves it to the values', () => {
    const resumed = [
      [1000, 100, 1],
      [5000, 130, 5000],
      [6000, 135, 5000],
    ] as const
    expect(amountsOf(pairsOf('baseline'), resumed)).toEqual([NONE, 30, 5])
    const began = [
      [1000, 100, 1],
      [5000, 3, 5000],
      [6000, 8, 5000],
    ] as const
    expect(amountsOf(pairsOf('baseline'), began)).toEqual([NONE, 3, 5])
  })

  it('to a value below zero is no amount', () => {
    const pairs = pairsOf('zero')
    expect(
      amountsOf(pairs, [
        [1000, -5],
        [2000, 3],
        [3000, -2],
        [4000, 0],
      ]),
    ).toEqual([NONE, 8, NONE, 2])
    expect(pairs.indeterminate).toBe(2)
  })
})

describe('two writers of one series', () => {
  const OLD = 100
  const NEW = 1500

  it('in turn: the one that started last is followed, the other left out', () => {
    const pairs = pairsOf('baseline')
    const samples = [
      [1000, 500, OLD],
      [2000, 7, NEW],
      [3000, 520, OLD],
      [4000, 9, NEW],
      [5000, 540, OLD],
      [6000, 14, NEW],
    ] as const
    // That the first report of the new one is not a plain restart only shows with the next of the old one.
    expect(amountsOf(pairs, samples)).toEqual([NONE, 7, NONE, 2, NONE, 5])
    expect(pairs.overlaps).toBe(2)
    expect(pairs.resets).toBe(1)
  })

  it('that hand over cost the first amount of the new one', () => {
    const samples = [
      [1000, 500, OLD],
      [1600, 510, OLD],
      [2000, 7, NEW],
      [3000, 9, NEW],
    ] as const
    expect(amountsOf(pairsOf('baseline'), samples)).toEqual([NONE, 10, NONE, 2])
  })

  it('go back to the older one when the younger one has gone', () => {
    const samples = [
      [2000, 500, OLD],
      [3000, 7, NEW],
      [4000, 520, OLD],
      [5000, 530, OLD],
      [6000, 545, OLD],
    ] as const
    expect(amountsOf(pairsOf('baseline'), samples)).toEqual([NONE, NONE, NONE, NONE, 15])
  })

  it('of three the youngest is followed, and after it the younger of the others', () => {
    const [a, b, c] = [100, 200, 300]
    const pairs = pairsOf('baseline')
    const samples = [
      [1000, 10, a],
      [1100, 20, b],
      [1200, 30, c],
      [2000, 11, a],
      [2100, 22, b],
      [2200, 33, c],
      [3000, 12, a],
      [3100, 24, b],
      [4000, 13, a],
      [4100, 26, b],
      [5000, 14, a],
      [5100, 28, b],
    ] as const
    const known = amountsOf(pairs, samples).map((amount) => amount ?? 0)
    expect(known).toEqual([0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 2])
  })

  it('that both vanish leave the series to whoever is there after 16 samples left out', () => {
    const samples: [number, number, number][] = [
      [1000, 10, 100],
      [1100, 20, 200],
      [1200, 30, 300],
      [1300, 25, 200],
    ]
    for (let i = 0; i < 17; i++) samples.push([2000 + i * 1000, 40 + i, 100])
    const amounts = amountsOf(pairsOf('baseline'), samples)
    expect(amounts.slice(0, -1).every((amount) => amount === NONE)).toBe(true)
    expect(amounts.at(-1)).toBe(1)
  })

  it('without start times look like resets', () => {
    expect(
      amountsOf(pairsOf('baseline'), [
        [1000, 500],
        [2000, 7],
        [3000, 520],
      ]),
    ).toEqual([NONE, 7, 513])
  })
})

describe('a counter at infinity', () => {
  it('grew infinitely on the way there, unknown while it stays, and begins anew below', () => {
    const pairs = pairsOf('baseline')
    const samples = [
      [1000, 1],
      [2000, Infinity],
      [3000, Infinity],
      [4000, 6],
      [5000, 8],
    ] as const
    expect(amountsOf(pairs, samples)).toEqual([NONE, Infinity, NONE, 6, 2])
    expect(pairs.indeterminate).toBe(1)
  })

  it('below zero says nothing of what comes after', () => {
    const pairs = pairsOf('zero')
    expect(
      amountsOf(pairs, [
        [1000, -Infinity],
        [2000, 5],
        [3000, 6],
      ]),
    ).toEqual([NONE, NONE, 1])
    expect(pairs.indeterminate).toBe(2)
  })
})

describe('more samples than may wait', () => {
  it('pair the earliest at once, and hand its amount on with the next release', () => {
    const pairs = pairsOf('zero')
    for (let i = 1; i <= MAX_HELD; i++) pairs.take(0, i * 1000, i * 2, 0)
    expect(pairs.pairedEarly).toBe(0)
    pairs.take(0, 17_000, 34, 0)
    pairs.take(0, 18_000, 36, 0)
    expect(pairs.pairedEarly).toBe(2)
    expect(pairs.take(0, 1500, 3, 0)).toBe('late')
    expect(releasedBy(pairs, 0)).toEqual([
      { ref: 0, timeMs: 1000, amount: 2 },
      { ref: 0, timeMs: 2000, amount: 2 },
    ])
    expect(releasedBy(pairs, 18_000).map(({ timeMs }) => timeMs)).toEqual(
      Array.from({ length: 16 }, (_, i) => 3000 + i * 1000),
    )
  })

  it('pair the one that just came when it is the earliest', () => {
    const pairs = pairsOf('zero')
    for (let i = 1; i <= MAX_HELD; i++) pairs.take(0, i * 1000, 10 + i, 0)
    expect(pairs.take(0, 500, 4, 0)).toBe('held')
    expect(releasedBy(pairs, 1000).map(({ amount }) => amount)).toEqual([4, 7])
  })
})

describe('watching', () => {
  it('refuses a series that is not watched', () => {
    const pairs = pairsOf('zero')
    expect(() => pairs.take(5, 1000, 1, 0)).toThrow(RangeError)
    expect(() => pairs.take(5000, 1000, 1, 0)).toThrow(RangeError)
  })

  it('forgets what a series held and where it was', () => {
    const pairs = pairsOf('zero', [0, 1])
    for (const ref of [0, 1]) for (let i = 1; i <= 20; i++) pairs.take(ref, i * 1000, i, 0)
    pairs.unwatch(0)
    pairs.unwatch(0)
    expect(pairs.isWatched(0)).toBe(false)
    expect(pairs.size).toBe(1)
    expect(releasedBy(pairs, 20_000).every(({ ref, amount }) => ref === 1 && amount === 1)).toBe(true)
    pairs.watch(0)
    pairs.take(0, 1000, 50, 0)
    expect(releasedBy(pairs, 20_000)).toEqual([{ ref: 0, timeMs: 1000, amount: 50 }])
  })

  it('forgets which writers overlapped', () => {
    const pairs = pairsOf('baseline')
    amountsOf(pairs, [
      [2000, 500, 100],
      [3000, 7, 1500],
      [4000, 520, 100],
    ])
    pairs.unwatch(0)
    pairs.watch(0)
    const again = [
      [12_000, 7, 1500],
      [13_000, 540, 100],
      [14_000, 9, 1500],
    ] as const
    expect(amountsOf(pairs, again)).toEqual([NONE, NONE, 2])
  })

  it('looks at series that hold something, not at all that are watched', () => {
    const refs = Array.from({ length: 50 }, (_, ref) => ref)
    const pairs = pairsOf('zero', refs)
    for (const ref of refs) for (let i = 1; i <= 5; i++) pairs.take(ref, ref * 10 + i * 1000, i, 0)
    expect(pairs.holding).toBe(50)
    const released = [...releasedBy(pairs, 4000), ...releasedBy(pairs, 5100)]
    expect(pairs.holding).toBe(39)
    released.push(...releasedBy(pairs, 6000))
    expect(pairs.holding).toBe(0)
    for (const ref of refs)
      expect(released.filter((one) => one.ref === ref).map(({ timeMs, amount }) => [timeMs, amount])).toEqual(
        [1, 2, 3, 4, 5].map((i) => [ref * 10 + i * 1000, 1]),
      )
  })

  it('gives the place of a forgotten series to a new one', () => {
    const pairs = pairsOf('zero')
    pairs.take(0, 1000, 1, 0)
    pairs.unwatch(0)
    pairs.watch(9)
    pairs.take(9, 500, 3, 0)
    expect(releasedBy(pairs, 1000)).toEqual([{ ref: 9, timeMs: 500, amount: 3 }])
    expect(releasedBy(pairs, 1000)).toEqual([])
  })

  it('changes nothing for a series that is watched already', () => {
    const pairs = pairsOf('zero')
    pairs.take(0, 1000, 1, 0)
    releasedBy(pairs, 1000)
    pairs.watch(0)
    pairs.take(0, 2000, 4, 0)
    expect(releasedBy(pairs, 2000).map(({ amount }) => amount)).toEqual([3])
  })

  it('needs memory for what is held at once, not for all that ever passed', () => {
    const pairs = pairsOf('zero', [0, 1, 2, 3])
    const round = (i: number) => {
      for (let ref = 0; ref < 4; ref++) pairs.take(ref, i * 1000, i, 0)
      releasedBy(pairs, i * 1000 - 1000)
    }
    for (let i = 1; i <= 10; i++) round(i)
    const { bytes } = pairs
    for (let i = 11; i <= 2000; i++) round(i)
    expect(pairs.bytes).toBe(bytes)
  })
})
