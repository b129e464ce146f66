import { describe, expect, test } from 'vitest'
import type { SubscribeOptions } from '../../src/index.ts'
import { Subscription } from '../../src/result/subscription.ts'
import type { WindowResult } from '../../src/result/window-result.ts'

function row(startMs: number, revision: number, source: WindowResult['source'] = 'live'): WindowResult {
  return {
    tenant: 'default',
    query: 'q',
    queryVersion: 1,
    group: { server: 's' },
    startMs,
    endMs: startMs + 1_000,
    values: {},
    count: 1,
    seriesSeen: 1,
    seriesExpected: null,
    completeness: null,
    revision,
    partial: false,
    lateApplied: 0,
    source,
  }
}

function subscribe(options: SubscribeOptions = {}) {
  let ends = 0
  const subscription = new Subscription(options, () => ends++)
  /** What waits, read to the end. */
  const rest = async () => {
    subscription.end()
    const items: (string | number)[] = []
    for await (const item of subscription)
      items.push('skipped' in item ? `skipped ${item.skipped}` : `${item.source} ${item.startMs}/${item.revision}`)
    return items
  }
  return { subscription, rest, ends: () => ends }
}

describe('a reader', () => {
  test('that asks several times at once is answered each time, in order', async () => {
    const { subscription } = subscribe()
    const asked = [subscription.next(), subscription.next(), subscription.next(), subscription.next()]
    for (const startMs of [1, 2]) subscription.push(row(startMs, 1))
    subscription.push(row(3, 1))
    subscription.end()
    const answers = await Promise.all(asked)
    expect(answers.map(({ done, value }) => (done === true ? 'end' : 'startMs' in value && value.startMs))).toEqual([
      1,
      2,
      3,
      'end',
    ])
    expect(await subscription.next()).toEqual({ done: true, value: undefined })
  })

  test('that waits is told the end when the signal fires, and loses nothing it was given', async () => {
    const abort = new AbortController()
    const { subscription, ends } = subscribe({ signal: abort.signal })
    const asked = [subscription.next(), subscription.next()]
    subscription.push(row(1, 1))
    abort.abort()
    expect((await Promise.all(asked)).map(({ done }) => done)).toEqual([false, true])
    expect(ends()).toBe(1)
  })

  test('that keeps up with its buffer gets every revision, in order of emission', async () => {
    const { subscription, rest } = subscribe({ buffer: 4 })
    for (const [startMs, revision] of [
      [1, 1],
      [2, 1],
      [1, 2],
      [1, 3],
    ])
      subscription.push(row(startMs!, revision!))
    expect(await rest()).toEqual(['live 1/1', 'live 2/1', 'live 1/2', 'live 1/3'])
  })
})

describe('a full buffer', () => {
  test('gives up superseded revisions before it gives up rows, and tells the rows', async () => {
    const { subscription, rest } = subscribe({ buffer: 3 })
    for (const startMs of [1, 2, 3]) subscription.push(row(startMs, 1))
    subscription.push(row(1, 2))
    subscription.push(row(2, 2))
    expect(await rest()).toEqual(['live 3/1', 'live 1/2', 'live 2/2'])
    const other = subscribe({ buffer: 2 })
    for (const [startMs, revision] of [
      [1, 1],
      [1, 2],
      [2, 1],
      [3, 1],
      [4, 1],
    ])
      other.subscription.push(row(startMs!, revision!))
    expect(await other.rest()).toEqual(['skipped 2', 'live 3/1', 'live 4/1'])
  })

  test('does not take the row of a replay for a revision of the live one', async () => {
    const { subscription, rest } = subscribe({ buffer: 2 })
    subscription.push(row(1, 1))
    subscription.push(row(1, 1, 'replay'))
    subscription.push(row(1, 2))
    expect(await rest()).toEqual(['replay 1/1', 'live 1/2'])
  })

  test('in error mode ends the reader, also when all that waits is one row in many revisions', async () => {
    const { subscription, ends } = subscribe({ buffer: 2, onOverflow: 'error' })
    for (const revision of [1, 2, 3]) subscription.push(row(1, revision))
    expect(ends()).toBe(1)
    expect(await subscription.next()).toMatchObject({ value: { revision: 1 } })
    expect(await subscription.next()).toMatchObject({ value: { revision: 2 } })
    await expect(subscription.next()).rejects.toMatchObject({ code: 'SUBSCRIBER_OVERFLOW' })
    expect(await subscription.next()).toEqual({ done: true, value: undefined })
  })

  test('stays within its length through any mixture of pushes and reads', async () => {
    const { subscription, rest } = subscribe({ buffer: 3 })
    for (let i = 0; i < 200; i++) {
      subscription.push(row(i % 7 === 0 ? 1 : i, i))
      if (i % 3 === 0) await subscription.next()
    }
    expect((await rest()).filter((item) => !String(item).startsWith('skipped')).length).toBeLessThanOrEqual(3)
  })
})

test('a signal that has fired already gives an ended subscription, without a call back', async () => {
  const subscription: Subscription = new Subscription({ signal: AbortSignal.abort() }, () => {
    throw new Error(`called before ${String(subscription)} was there`)
  })
  subscription.push(row(1, 1))
  expect(await subscription.next()).toEqual({ done: true, value: undefined })
  subscription.end()
})

test('returning drops what waits', async () => {
  const { subscription, ends } = subscribe()
  subscription.push(row(1, 1))
  await subscription.return()
  expect([await subscription.next(), ends()]).toEqual([{ done: true, value: undefined }, 1])
})
