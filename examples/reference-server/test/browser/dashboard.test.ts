import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Browser, Locator, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBreakableProxy } from './support/breakable-proxy.ts'
import { chromiumPath, isBrowserRequired, launchChromium } from './support/chromium.ts'
import { type ServerProcess, startServerProcess } from './support/server-process.ts'
import { openWatchedPage } from './support/watched-page.ts'

const VITE_CONFIG = fileURLToPath(new URL('../../vite.config.ts', import.meta.url))
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const HOSTILE = '<img src=x onerror=alert(document.domain)>'
/** Windows of the queries below are one second long; the fleet reports every second. */
const SOON_MS = 20_000

const isRunnable = chromiumPath !== undefined || isBrowserRequired
if (!isRunnable) console.warn('No Chromium was found: the tests of the dashboard in a browser are skipped.')

describe.skipIf(!isRunnable)('the dashboard in Chromium', () => {
  let browser: Browser
  let server: ServerProcess

  beforeAll(async () => {
    await build({ configFile: VITE_CONFIG, logLevel: 'error' })
    browser = await launchChromium()
    server = await startServerProcess(['--servers', '3', '--metrics', '3', '--no-host-metrics', '--min-window', '1s'])
    await post('v1/queries', {
      name: 'lively',
      text: 'FROM * SELECT system.cpu.utilization WINDOW 1s COMPUTE min, max, avg',
    })
  })

  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  async function post(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer = await response.text()
    expect(response.ok, `${path}: ${answer}`).toBe(true)
    return JSON.parse(answer)
  }

  test('cards appear, their values change, and the page has nothing to complain of', async () => {
    await using watched = await openWatchedPage(browser, server.url)
    const card = await showCard(watched.page, 'lively')
    await card.locator('.chart canvas').waitFor({ timeout: SOON_MS })
    const window = card.locator('.readout-window')
    const [firstWindow, firstValues] = [await window.textContent(), await card.locator('.tiles').textContent()]
    await expect.poll(() => window.textContent(), { timeout: SOON_MS }).not.toBe(firstWindow)
    await expect.poll(() => card.locator('.tiles').textContent(), { timeout: SOON_MS }).not.toBe(firstValues)
    expect(await card.locator('.tile-label').allTextContents()).toEqual(['min', 'max', 'avg'])
    expect(await card.locator('.fresh').textContent()).toMatch(/ behind$/)
    // The unit is known once the metric has been seen, which may be after the query was stored.
    await expect
      .poll(() => card.getByRole('img').getAttribute('aria-label'), { timeout: SOON_MS })
      .toMatch(/^lively: avg last .+\s%, (steady|rising|falling)/)
    expect(await watched.page.getByRole('article').count()).toBeGreaterThan(1)
    expect(watched.complaints).toEqual([])
  })

  test('a query is written wrong, then right, then paused, resumed, edited and deleted', async () => {
    await using watched = await openWatchedPage(browser, server.url)
    const { page } = watched
    await page.getByRole('button', { name: 'New query' }).click()
    const form = page.getByRole('region', { name: 'New query' })
    await form.getByLabel('Name').fill('made_here')
    const text = form.getByLabel('Query')
    const wrong = 'FROM * SELECT system.cpu.utilization WINDOW 1s COMPUTE percentile(0.99)'
    await text.fill(wrong)
    await text.press('ArrowLeft')
    const diagnostic = form.locator('.diagnostics li')
    await diagnostic.waitFor()
    expect(await diagnostic.textContent()).toContain('percentile(99)')
    expect(await form.locator('.text-mirror mark').textContent()).toBe('0.99')
    expect(await text.evaluate((field) => (field as unknown as { selectionStart: number }).selectionStart)).toBe(
      wrong.length - 1,
    )
    await text.fill(wrong.replace('0.99', '99'))
    await diagnostic.waitFor({ state: 'detached' })
    await form.getByRole('button', { name: 'Create' }).click()

    const card = await showCard(page, 'made_here')
    await card.locator('.chart canvas').waitFor({ timeout: SOON_MS })
    await card.getByRole('button', { name: 'Pause' }).click()
    await card.locator('.state.is-paused').waitFor()
    await card.getByRole('button', { name: 'Resume' }).click()
    await card.locator('.state.is-running').waitFor()

    await card.getByRole('button', { name: 'Edit' }).click()
    await card.getByLabel('Query').fill('FROM * SELECT system.cpu.utilization WINDOW 1s COMPUTE max')
    await card.getByLabel('Query').press('Control+Enter')
    await expect.poll(() => card.locator('.query-text').textContent()).toContain('COMPUTE max')
    await expect.poll(() => card.locator('.tile-label').allTextContents(), { timeout: SOON_MS }).toEqual(['max'])

    await card.getByRole('button', { name: 'Delete', exact: true }).click()
    await card.getByRole('button', { name: 'Keep' }).click()
    await card.getByRole('button', { name: 'Delete', exact: true }).click()
    await card.getByRole('button', { name: 'Delete query' }).click()
    await card.waitFor({ state: 'detached' })
    expect(watched.complaints).toEqual([])
  })

  test('a refused query says why and stays in the form', async () => {
    await using watched = await openWatchedPage(browser, server.url)
    await watched.page.getByRole('button', { name: 'New query' }).click()
    const form = watched.page.getByRole('region', { name: 'New query' })
    await form.getByLabel('Name').fill('lively')
    await form.getByRole('button', { name: 'Create' }).click()
    const refusal = form.getByRole('alert')
    await refusal.waitFor()
    expect(await refusal.textContent()).toContain('lively')
    expect(await form.getByLabel('Name').inputValue()).toBe('lively')
    // The browser itself reports the 409 of the answer.
    expect(watched.complaints).toEqual([expect.stringContaining('409')])
  })

  test('a hostile label is text', async () => {
    await post('v1/queries', {
      name: 'hostile',
      text: 'FROM * SELECT hostile.metric WINDOW 1s COMPUTE avg, max GROUP BY "http.route"',
    })
    let value = 0
    const send = async (): Promise<boolean> => {
      value += 1
      await post('v1/ingest', {
        server: HOSTILE,
        metrics: [{ name: 'hostile.metric', value, labels: { 'http.route': HOSTILE } }],
      })
      return true
    }
    await using watched = await openWatchedPage(browser, server.url)
    const group = (await showCard(watched.page, 'hostile')).locator('.groups tbody th')
    await expect.poll(async () => (await send()) && group.count(), { timeout: SOON_MS, interval: 300 }).toBe(1)
    expect(await group.textContent()).toBe(HOSTILE)
    expect(await watched.page.locator('img').count()).toBe(0)
    await group.getByRole('button').click()
    expect(await (await showCard(watched.page, 'hostile')).locator('.isolated bdi').textContent()).toBe(HOSTILE)
    expect(watched.complaints).toEqual([])
  })

  test('a row that was taken back leaves its card, also when the page was not connected then', async () => {
    await post('v1/queries', {
      name: 'fickle',
      text: 'FROM * SELECT fickle.level WINDOW 5s COMPUTE avg GROUP BY server HAVING avg > 5 LATENESS 2m',
    })
    const windowMs = Math.floor(Date.now() / 5_000) * 5_000
    const send = (from: string, value: number, timestamp: number): Promise<unknown> =>
      post('v1/ingest', { server: from, metrics: [{ name: 'fickle.level', value, timestamp, kind: 'gauge' }] })
    for (const from of ['stays', 'goes', 'goes unseen']) await send(from, 10, windowMs)
    await using proxy = await startBreakableProxy(server.url)
    await using watched = await openWatchedPage(browser, proxy.url)
    const { page } = watched
    const groups = (await showCard(page, 'fickle')).locator('.groups tbody th')
    await expect.poll(() => groups.allTextContents(), { timeout: SOON_MS }).toEqual(['goes', 'goes unseen', 'stays'])
    await send('goes', -100, windowMs + 1_000)
    await expect.poll(() => groups.allTextContents(), { timeout: SOON_MS }).toEqual(['goes unseen', 'stays'])

    proxy.break()
    await page.locator('.banner').waitFor()
    await send('goes unseen', -100, windowMs + 1_000)
    const stored = async (): Promise<number> => {
      const answer = await fetch(`${server.url}v1/queries/fickle/results`)
      return ((await answer.json()) as { results: readonly unknown[] }).results.length
    }
    await expect.poll(stored, { timeout: SOON_MS }).toBe(1)
    proxy.mend()
    await page.locator('.banner').waitFor({ state: 'detached', timeout: SOON_MS })
    await expect.poll(() => groups.allTextContents(), { timeout: SOON_MS }).toEqual(['stays'])
  })

  test('a window that is not over is said to be open', async () => {
    await post('v1/queries', {
      name: 'so_far',
      text: 'FROM * SELECT system.cpu.utilization WINDOW 30m COMPUTE avg, max EMIT EVERY 1s',
    })
    await using watched = await openWatchedPage(browser, server.url)
    const card = await showCard(watched.page, 'so_far')
    await card.locator('.tile.is-early').first().waitFor({ timeout: SOON_MS })
    expect(await card.locator('.readout').textContent()).toContain('open')
    expect(await card.getByRole('img').getAttribute('aria-label')).toContain(' so far, ')
    expect(watched.complaints).toEqual([])
  })

  test('the space bar holds the pictures, counts what waits, and draws it when they go on', async () => {
    await using watched = await openWatchedPage(browser, server.url)
    const { page } = watched
    const window = (await showCard(page, 'lively')).locator('.readout-window')
    await window.waitFor({ timeout: SOON_MS })
    await page.keyboard.press('Space')
    const held = await window.textContent()
    await expect
      .poll(
        async () =>
          Number(/paused, (\d+) windows? waiting/.exec((await page.locator('.live').textContent()) ?? '')?.[1]),
        {
          timeout: SOON_MS,
        },
      )
      .toBeGreaterThan(2)
    expect(await window.textContent()).toBe(held)
    await page.keyboard.press('Space')
    await expect.poll(() => window.textContent(), { timeout: SOON_MS }).not.toBe(held)
    expect(await page.locator('.live').textContent()).toBe('live')
  })

  test('a lost connection is said, and comes back without a hole', async () => {
    const text = 'FROM * SELECT system.cpu.utilization WINDOW 2s COMPUTE avg'
    await post('v1/queries', { name: 'steady', text })
    await using proxy = await startBreakableProxy(server.url)
    await using watched = await openWatchedPage(browser, proxy.url)
    const { page } = watched
    const chart = (await showCard(page, 'steady')).getByRole('img')
    await chart.waitFor({ timeout: SOON_MS })
    const newestStored = async (): Promise<number> => {
      const answer = await fetch(`${server.url}v1/queries/steady/results`)
      const { results } = (await answer.json()) as { results: readonly { startMs: number }[] }
      return results.at(-1)?.startMs ?? 0
    }

    proxy.break()
    await page.locator('.banner').waitFor()
    const brokenAt = await newestStored()
    await expect.poll(newestStored, { timeout: SOON_MS }).toBeGreaterThanOrEqual(brokenAt + 6_000)
    const window = (await showCard(page, 'steady')).locator('.readout-window')
    const before = await window.textContent()
    proxy.mend()
    await page.locator('.banner').waitFor({ state: 'detached', timeout: SOON_MS })
    await expect.poll(() => window.textContent(), { timeout: SOON_MS }).not.toBe(before)
    await expect.poll(() => chart.getAttribute('aria-label'), { timeout: SOON_MS }).not.toMatch(/\bgaps?\b/)
  })

  test('a fixed range stands still and is read from the stored results', async () => {
    await using watched = await openWatchedPage(browser, server.url)
    const { page } = watched
    await (await showCard(page, 'lively')).locator('.chart canvas').waitFor({ timeout: SOON_MS })
    const answered = page.waitForResponse((response) =>
      /queries\/lively\/results\?from=\d+&to=\d+$/.test(response.url()),
    )
    await page.getByRole('button', { name: '1 h' }).click()
    expect((await answered).status()).toBe(200)
    expect(await page.locator('.live').count()).toBe(0)
    await page.getByRole('button', { name: 'Live' }).click()
    await page.locator('.live').waitFor()
    expect(watched.complaints).toEqual([])
  })

  test.for(['light', 'dark'] as const)(
    'axe finds nothing wrong in the %s theme, with a form open',
    async (colorScheme) => {
      await using watched = await openWatchedPage(browser, server.url, { colorScheme })
      const { page } = watched
      await (await showCard(page, 'lively')).locator('.chart canvas').waitFor({ timeout: SOON_MS })
      await page.getByRole('button', { name: 'New query' }).click()
      await page.getByRole('button', { name: 'Custom' }).click()
      await page.getByRole('region', { name: 'New query' }).getByLabel('Query').fill('FROM * SELECT')
      await page.locator('.diagnostics li').first().waitFor()
      await (await showCard(page, 'lively')).getByRole('button', { name: 'Delete', exact: true }).click()
      // From the top, where the page's head lies over nothing.
      await page.evaluate('scrollTo(0, 0)')
      await page.evaluate(AXE)
      const tags = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']
      const found = await page.evaluate<{
        passes: unknown[]
        violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[]
      }>(`axe.run(document, { runOnly: ${JSON.stringify(tags)} })`)
      const faults = found.violations.map(({ id, nodes }) =>
        [id, ...nodes.map((node) => node.failureSummary)].join('\n'),
      )
      expect(faults).toEqual([])
      expect(found.passes.length).toBeGreaterThan(10)
    },
  )

  test('the arrow keys move over the windows, and wide content stays inside a narrow page', async () => {
    await using watched = await openWatchedPage(browser, server.url, { viewport: { width: 360, height: 800 } })
    const { page } = watched
    const card = await showCard(page, 'lively')
    await card.locator('.chart canvas').waitFor({ timeout: SOON_MS })
    const window = card.locator('.readout-window')
    const newest = await window.textContent()
    await card.getByRole('img').focus()
    for (let presses = 0; presses < 5; presses += 1) await page.keyboard.press('ArrowLeft')
    await card.locator('.readout.is-cursor').waitFor()
    expect(await window.textContent()).not.toBe(newest)
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(360)
  })

  test('the theme follows the system, can be chosen, and is kept without a flash', async () => {
    await using watched = await openWatchedPage(browser, server.url, { colorScheme: 'dark' })
    const { page } = watched
    const ground = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
    const dark = await ground()
    await page.getByRole('button', { name: 'Light' }).click()
    const light = await ground()
    expect(light).not.toBe(dark)
    // Before the page's own module runs, the small script in the head has set the theme already.
    await page.route('**/assets/*.js', (route) => route.abort())
    await page.reload()
    expect(await ground()).toBe(light)
    await page.unroute('**/assets/*.js')
    await page.reload()
    await page.getByRole('button', { name: 'Dark' }).click()
    expect(await ground()).toBe(dark)
  })
})

/** The card of a query, scrolled into sight: others are not drawn. */
async function showCard(page: Page, name: string): Promise<Locator> {
  const card = page.getByRole('article', { name, exact: true })
  await card.scrollIntoViewIfNeeded({ timeout: SOON_MS })
  return card
}
