import { signal } from '@preact/signals'
import { COLOUR_COUNT } from './palette.ts'

/** Colours of the canvas, read from the style sheet's tokens so that there is one source of them. */
export interface ChartTheme {
  readonly lines: readonly string[]
  readonly ground: string
  readonly grid: string
  readonly axis: string
  readonly hatch: string
  readonly warning: string
}

function readTheme(): ChartTheme {
  const probe = document.createElement('span')
  document.body.append(probe)
  const style = getComputedStyle(probe)
  // A computed `color` is resolved for the theme in force; the token's own text is not.
  const token = (name: string): string => {
    probe.style.color = `var(--${name})`
    return style.color
  }
  const theme = {
    lines: Array.from({ length: COLOUR_COUNT }, (_, index) => token(`line-${index + 1}`)),
    ground: token('surface'),
    grid: token('grid'),
    axis: token('text-muted'),
    hatch: token('hatch'),
    warning: token('warning'),
  }
  probe.remove()
  return theme
}

export const chartTheme = signal<ChartTheme | undefined>(undefined)

/** Call after anything that changes which theme holds. */
export function refreshChartTheme(): void {
  chartTheme.value = readTheme()
}
