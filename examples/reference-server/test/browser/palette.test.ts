import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

type Triple = readonly [number, number, number]

const styles = readFileSync(new URL('../../dashboard/src/styles.css', import.meta.url), 'utf8')

/** The two colours of a token: for the light and for the dark theme. */
function token(name: string): { readonly light: string; readonly dark: string } {
  const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(styles)
  if (!found?.[1] || !found[2]) throw new Error(`no token --${name}`)
  return { light: found[1], dark: found[2] }
}

const lines = Array.from({ length: 8 }, (_, index) => token(`line-${index + 1}`))
const themes = ['light', 'dark'] as const

function linear(hex: string): Triple {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return [red, green, blue]
}

/** Contrast ratio of WCAG 2. */
function contrast(one: string, other: string): number {
  const [bright = 0, dim = 0] = [one, other]
    .map(linear)
    .map(([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue)
    .sort((a, b) => b - a)
  return (bright + 0.05) / (dim + 0.05)
}

function times(matrix: readonly Triple[], [x, y, z]: Triple): Triple {
  const [a = 0, b = 0, c = 0] = matrix.map((row) => row[0] * x + row[1] * y + row[2] * z)
  return [a, b, c]
}

/** Machado, Oliveira and Fernandes 2009, severity 1. */
const SIGHTS: Readonly<Record<string, readonly Triple[]>> = {
  full: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

/** Ottosson's OKLab of a linear sRGB colour. */
function oklab(rgb: Triple): Triple {
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb,
  )
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    [Math.cbrt(cones[0]), Math.cbrt(cones[1]), Math.cbrt(cones[2])],
  )
}

function seen(hex: string, sight: readonly Triple[]): Triple {
  const [red, green, blue] = times(sight, linear(hex))
  const clamp = (value: number): number => Math.min(1, Math.max(0, value))
  return oklab([clamp(red), clamp(green), clamp(blue)])
}

test.for(themes)('every line stands out from the %s ground by 3 to 1', (theme) => {
  for (const line of lines)
    expect(contrast(line[theme], token('surface')[theme]), line[theme]).toBeGreaterThanOrEqual(3)
})

test.for(themes)('text is readable on the %s ground', (theme) => {
  for (const ground of ['surface', 'ground', 'raised']) {
    for (const text of ['text', 'text-muted', 'accent', 'good', 'warning', 'bad']) {
      expect(contrast(token(text)[theme], token(ground)[theme]), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
    }
  }
  expect(contrast(token('on-accent')[theme], token('accent')[theme])).toBeGreaterThanOrEqual(4.5)
  expect(contrast(token('warning')[theme], token('warning-ground')[theme])).toBeGreaterThanOrEqual(4.5)
  expect(contrast(token('text')[theme], token('bad-ground')[theme])).toBeGreaterThanOrEqual(4.5)
})

test.for(themes)('no two lines of the %s theme look alike to any kind of sight', (theme) => {
  for (const [sight, matrix] of Object.entries(SIGHTS)) {
    for (const [index, one] of lines.entries()) {
      for (const other of lines.slice(index + 1)) {
        const [a, b] = [seen(one[theme], matrix), seen(other[theme], matrix)]
        const distance = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
        expect(distance, `${one[theme]} and ${other[theme]}, ${sight}`).toBeGreaterThanOrEqual(0.12)
      }
    }
  }
})
