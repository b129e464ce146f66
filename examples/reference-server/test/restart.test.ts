import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createEngine } from '@windrow/core'
import { fileStateStore } from '@windrow/storage-adapters/file-state'
import { describe, expect, test } from 'vitest'
import { StartupError } from '../src/startup-error.ts'
import { SNAPSHOT, SnapshotKeeper } from '../src/state/snapshot-keeper.ts'
import { openEventStream } from './support/event-stream.ts'
import { START_MS, sendGauge, startTestServer, type TestServer, temporaryDir } from './support/test-server.ts'

const TEXT = 'FROM * SELECT cpu WINDOW 10s COMPUTE max, count'
const OTHER = 'FROM * SELECT cpu WINDOW 20s COMPUTE min'

interface View {
  readonly name: string
  readonly text: string
  readonly state: string
  readonly queryVersion: number
}

function snapshotOf(dataDir: string): string {
  return path.join(dataDir, 'state', `${SNAPSHOT}.state`)
}

async function viewOf(server: TestServer, name: string): Promise<View> {
  return (await server.call('GET', `/v1/queries/${name}`)).body
}

async function sendAt(server: TestServer, ...seconds: number[]): Promise<void> {
  await sendGauge(
    server,
    'cpu',
    seconds.map((second): [number, number] => [START_MS + second * 1000, second]),
  )
}

describe('a restart', () => {
  test('open windows go on, partial for what may be missing; what was emitted is not emitted again', async () => {
    const dataDir = temporaryDir()
    const first = await startTestServer({ dataDir })
    await first.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    await sendAt(first, 0, 1, 11, 12)
    first.engine.advanceTo(START_MS + 21_000)
    const before = first.engine.query('q')!.latest()
    expect(before.map(({ startMs, partial }) => [startMs, partial])).toEqual([[START_MS, false]])
    await first.close()

    const second = await startTestServer({ dataDir, startMs: START_MS + 22_000 })
    expect(second.restored).toEqual({ kind: 'restored' })
    expect((await second.call('GET', '/readyz')).body).toMatchObject({ warnings: [], state: { restored: 'restored' } })
    const stream = await openEventStream(`${second.url}/v1/queries/q/stream`)
    await sendAt(second, 12, 18, 25)
    second.engine.advanceTo(START_MS + 60_000)
    await stream.until(({ data }) => data?.startMs === START_MS + 20_000)
    const rows = stream.events.filter(({ event }) => event === 'row').map(({ data }) => data)
    expect(rows.map(({ startMs, values, partial }) => [(startMs - START_MS) / 1000, values, partial])).toEqual([
      // The sample of second 12 came again and counts once.
      [10, { max: 18, count: 3 }, true],
      [20, { max: 25, count: 1 }, true],
    ])
    for (const { revision, queryVersion } of rows) {
      expect(queryVersion).toBe(1)
      expect(revision).toBeGreaterThan(before[0]!.revision)
    }
    // What is stored of raw samples knows less of the window than the query does.
    const { body } = await second.call('GET', `/v1/queries/q/results?from=${START_MS}`)
    expect(body.results.map(({ values }: { values: unknown }) => values)).toEqual(rows.map(({ values }) => values))
  })

  test('a batch that is sent again after the restart, for its answer was lost, counts once', async () => {
    const dataDir = temporaryDir()
    const send = (server: TestServer) =>
      fetch(`${server.url}/v1/ingest`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': 'batch-7' },
        body: JSON.stringify({ server: 'web-1', metrics: [{ name: 'cpu', value: 1, timestamp: START_MS }] }),
      }).then((answer) => answer.json())
    const first = await startTestServer({ dataDir })
    expect(await send(first)).toMatchObject({ accepted: 1, duplicates: 0 })
    await first.close()
    const second = await startTestServer({ dataDir, startMs: START_MS + 1000 })
    expect(await send(second)).toMatchObject({ accepted: 0, duplicates: 1 })
  })

  test.each([
    ['damaged', (bytes: Buffer) => bytes.subarray(0, bytes.length - 10)],
    ['of a newer version', newerVersion],
  ])('a snapshot that is %s is set aside, loudly, and the server starts without it', async (_what, spoil) => {
    const dataDir = temporaryDir()
    const first = await startTestServer({ dataDir })
    await first.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    await first.call('PUT', '/v1/queries/q', { text: OTHER })
    await sendAt(first, 0)
    await first.close()
    const spoilt = spoil(readFileSync(snapshotOf(dataDir)))
    writeFileSync(snapshotOf(dataDir), spoilt)

    const second = await startTestServer({ dataDir, startMs: START_MS + 5000 })
    const { status, body } = await second.call('GET', '/readyz')
    expect([status, body.ready, body.state.restored]).toEqual([200, true, 'set-aside'])
    expect(body.warnings).toEqual([{ code: 'SNAPSHOT_SET_ASIDE', message: expect.stringContaining('snapshot-aside-') }])
    const aside = readdirSync(path.join(dataDir, 'state')).filter((file) => file.startsWith('snapshot-aside-'))
    expect(aside).toHaveLength(1)
    expect(readFileSync(path.join(dataDir, 'state', aside[0]!)).equals(spoilt)).toBe(true)
    expect((await second.call('GET', '/metrics')).body).toContain('windrow_snapshot_set_aside 1\n')

    expect(await viewOf(second, 'q')).toMatchObject({ text: OTHER, state: 'running', queryVersion: 2 })
    await sendAt(second, 6)
    second.engine.advanceTo(START_MS + 60_000)
    expect(second.engine.query('q')!.latest()).toMatchObject([{ values: { min: 6 } }])
    await second.close()
    const third = await startTestServer({ dataDir, startMs: START_MS + 61_000 })
    expect(third.restored).toEqual({ kind: 'restored' })
  })

  test('what is stored of queries wins over the snapshot', async () => {
    const dataDir = temporaryDir()
    const old = path.join(temporaryDir(), 'old')
    const first = await startTestServer({ dataDir })
    for (const name of ['same', 'altered', 'back', 'paused', 'removed'])
      await first.call('POST', '/v1/queries', { name, text: TEXT })
    await sendAt(first, 1, 2)
    await first.close()
    copyFileSync(snapshotOf(dataDir), old)

    const second = await startTestServer({ dataDir, startMs: START_MS + 3000 })
    await second.call('PUT', '/v1/queries/altered', { text: OTHER })
    for (const text of [OTHER, TEXT]) await second.call('PUT', '/v1/queries/back', { text })
    await second.call('PUT', '/v1/queries/paused', { state: 'paused' })
    await second.call('DELETE', '/v1/queries/removed')
    await second.call('POST', '/v1/queries', { name: 'added', text: TEXT })
    await second.close()
    copyFileSync(old, snapshotOf(dataDir))

    const third = await startTestServer({ dataDir, startMs: START_MS + 4000 })
    expect((await third.call('GET', '/v1/queries/removed')).status).toBe(404)
    expect(third.engine.query('removed')).toBe(undefined)
    expect(await viewOf(third, 'same')).toMatchObject({ text: TEXT, queryVersion: 1 })
    expect(await viewOf(third, 'altered')).toMatchObject({ text: OTHER, queryVersion: 2 })
    expect(await viewOf(third, 'back')).toMatchObject({ text: TEXT, queryVersion: 3 })
    expect(await viewOf(third, 'paused')).toMatchObject({ text: TEXT, state: 'paused' })
    expect(await viewOf(third, 'added')).toMatchObject({ text: TEXT, queryVersion: 1 })
    await sendAt(third, 5)
    third.engine.advanceTo(START_MS + 60_000)
    expect(third.engine.query('same')!.latest()).toMatchObject([{ count: 3, partial: true, queryVersion: 1 }])
    // A removed query that is made anew goes on counting its versions.
    await third.call('POST', '/v1/queries', { name: 'removed', text: TEXT })
    expect(await viewOf(third, 'removed')).toMatchObject({ queryVersion: 2 })
  })

  test('without snapshots versions go on all the same', async () => {
    const dataDir = temporaryDir()
    const flags = ['--snapshot-every', '0']
    const first = await startTestServer({ dataDir, flags })
    await first.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    await first.call('PUT', '/v1/queries/q', { text: OTHER })
    await first.close()
    expect(existsSync(snapshotOf(dataDir))).toBe(false)

    const second = await startTestServer({ dataDir, flags })
    expect((await second.call('GET', '/readyz')).body.state).toEqual({
      restored: 'none',
      snapshotEveryMs: 0,
      lastSnapshotMs: null,
    })
    expect(await viewOf(second, 'q')).toMatchObject({ text: OTHER, queryVersion: 2 })
    await second.call('DELETE', '/v1/queries/q')
    await second.close()
    const third = await startTestServer({ dataDir, flags })
    await third.call('POST', '/v1/queries', { name: 'q', text: TEXT })
    expect(await viewOf(third, 'q')).toMatchObject({ queryVersion: 3 })
  })

  test('a state that cannot be read ends the start with the remedy', async () => {
    const dataDir = temporaryDir()
    writeFileSync(path.join(dataDir, 'state'), '')
    await expect(startTestServer({ dataDir })).rejects.toThrow(
      /^the state in .* cannot be used: .*a file is in the way/,
    )
    rmSync(path.join(dataDir, 'state'))
    mkdirSync(snapshotOf(dataDir), { recursive: true })
    await expect(startTestServer({ dataDir })).rejects.toThrow(StartupError)
    rmSync(path.join(dataDir, 'state'), { recursive: true })
    mkdirSync(path.join(dataDir, 'state'))
    writeFileSync(path.join(dataDir, 'state', 'generation.state'), 'seven')
    await expect(startTestServer({ dataDir })).rejects.toThrow(/the stored generation is not a number/)
    rmSync(path.join(dataDir, 'state', 'generation.state'))
    expect((await startTestServer({ dataDir })).restored).toEqual({ kind: 'none' })
  })
})

describe('the snapshot keeper', () => {
  test('tells of a snapshot that could not be saved, and of the next one that was', async () => {
    const directory = temporaryDir()
    await using engine = createEngine({ clock: 'manual' })
    engine.advanceTo(START_MS)
    const stateStore = fileStateStore({ directory })
    const errors: unknown[] = []
    const keeper = new SnapshotKeeper({
      engine,
      stateStore,
      everyMs: 3_600_000,
      onError: (error) => errors.push(error),
    })
    const inTheWay = path.join(directory, `${SNAPSHOT}.state`)
    mkdirSync(inTheWay)
    await keeper.take()
    expect(keeper.status).toMatchObject({
      taken: 0,
      failed: 1,
      lastMs: null,
      problem: expect.stringContaining('EISDIR'),
    })
    expect(errors).toMatchObject([{ code: 'STORAGE_FAILED' }])

    rmSync(inTheWay, { recursive: true })
    await Promise.all([keeper.take(), keeper.take()])
    await keeper.close()
    expect(keeper.status).toMatchObject({ taken: 3, failed: 1, lastMs: START_MS, problem: undefined })
    expect(keeper.status.lastBytes).toBe(readFileSync(inTheWay).length)
    await stateStore.close()
  })
})

/** The format's version stands behind its first eight bytes. */
function newerVersion(bytes: Buffer): Buffer {
  const newer = Buffer.from(bytes)
  newer.writeUInt16LE(bytes.readUInt16LE(8) + 1, 8)
  return newer
}
