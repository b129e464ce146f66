import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { request, START_MS, startTestServer } from './support/test-server.ts'

/** The Big List of Naughty Strings, where it lies beside the checkout. */
const LIST = new URL('../../../../shared/data/blns/blns.json', import.meta.url)

describe('hostile text', () => {
  test.skipIf(!existsSync(LIST))(
    'naughty strings come back byte for byte or are refused, never a 5xx',
    async () => {
      const strings: string[] = JSON.parse(readFileSync(LIST, 'utf8'))
      expect(strings.length).toBeGreaterThan(500)
      const server = await startTestServer()
      const labels = strings.map((text) => ({ name: 'naughty', value: 1, timestamp: START_MS, labels: { text } }))
      const taken = await server.call('POST', '/v1/ingest', { server: 'web-1', metrics: labels })
      expect([taken.status, taken.body.rejected]).toEqual([200, []])
      server.engine.advanceTo(START_MS + 60_000)
      const { body } = await server.call('POST', '/v1/query', {
        query: 'FROM * SELECT naughty WINDOW 5s COMPUTE count GROUP BY text',
      })
      const seen = new Set(body.results.map((row: { group: { text: string | null } }) => row.group.text))
      expect([...new Set(strings)].filter((text) => !seen.has(text))).toEqual([])

      for (const text of strings) {
        const diagnose = await server.call('POST', '/v1/diagnose', { query: text })
        expect([diagnose.status, Array.isArray(diagnose.body.diagnostics)]).toEqual([200, true])
        const create = await server.call('POST', '/v1/queries', {
          name: text,
          text: 'FROM * SELECT naughty WINDOW 5s COMPUTE count',
          state: 'paused',
        })
        expect([201, 400, 409]).toContain(create.status)
        if (create.status === 201) expect(create.body.name).toBe(text)
        const declared = await server.call('POST', '/v1/query', {
          query: `DECLARE METRIC ${JSON.stringify(text)} UNIT "1"`,
        })
        expect([200, 400]).toContain(declared.status)
        if (declared.status === 200) expect(declared.body.declared[0].metric).toBe(text)
        const read = await server.call('GET', `/v1/metrics-catalog/${encodeURIComponent(text.toWellFormed())}`)
        expect([200, 400, 404]).toContain(read.status)
      }
      const metrics = await request(`${server.url}/metrics`)
      expect(metrics.status).toBe(200)
      expect(metrics.body.split('\n').filter((line: string) => /^[^#\s]/.test(line) && !/ \S+$/.test(line))).toEqual([])
    },
    60_000,
  )
})
