import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createHttpApp } from '../src/http/http-app.ts'
import { listen } from '../src/http/listen.ts'
import { dashboardRoutes } from '../src/routes/dashboard.ts'
import { request, temporaryDir } from './support/test-server.ts'

async function serve(root: string): Promise<string> {
  const app = createHttpApp({
    log: { level: 'silent', stream: process.stderr },
    errorFaces: [],
    stopping: new AbortController().signal,
  })
  onTestFinished(() => app.close())
  await app.register((scope) => dashboardRoutes(scope, root))
  return listen(app, 'port', '127.0.0.1', 0)
}

describe('the dashboard', () => {
  test('its files are served with headers that keep strangers out', async () => {
    const outside = temporaryDir()
    const root = path.join(outside, 'dashboard')
    mkdirSync(path.join(root, 'assets'), { recursive: true })
    writeFileSync(path.join(root, 'index.html'), '<!doctype html><p>windrow</p>')
    writeFileSync(path.join(root, 'assets', 'index-abc.js'), 'export {}')
    writeFileSync(path.join(outside, 'secret'), 'no')
    const url = await serve(root)

    const page = await request(`${url}/`)
    expect([page.status, page.body]).toEqual([200, '<!doctype html><p>windrow</p>'])
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self';.*frame-ancestors 'none'/)
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const script = await request(`${url}/assets/index-abc.js`)
    expect([script.status, script.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable'])
    for (const outsideOf of ['/nothing.js', '/%2e%2e/secret', '/..%2fsecret']) {
      const answer = await request(`${url}${outsideOf}`)
      expect([403, 404]).toContain(answer.status)
      expect(answer.body.error.code).toMatch(/NOT_FOUND|BAD_REQUEST/)
    }
  })

  test('before it is built, the page says so', async () => {
    const answer = await request(`${await serve(temporaryDir())}/`)
    expect(answer.status).toBe(503)
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(answer.body).toContain('not built')
  })
})
