import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const named = process.env['WINDROW_CHROMIUM']
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Path of the Chromium on this machine; the tests bring none. */
export const chromiumPath: string | undefined = (named === undefined ? PLACES : [named]).find((place) =>
  existsSync(place),
)

/** True where a missing browser is a failure rather than a skip. */
export const isBrowserRequired: boolean = process.env['WINDROW_REQUIRE_BROWSER'] === '1'

export function launchChromium(): Promise<Browser> {
  if (chromiumPath === undefined) {
    throw new Error('No Chromium was found. Set WINDROW_CHROMIUM to its path, or unset WINDROW_REQUIRE_BROWSER.')
  }
  // Chromium's sandbox refuses to start as root, as in most containers.
  const isRoot = process.getuid?.() === 0
  return chromium.launch({ executablePath: chromiumPath, args: isRoot ? ['--no-sandbox'] : [] })
}
