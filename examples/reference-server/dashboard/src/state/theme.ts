import { signal } from '@preact/signals'
import { refreshChartTheme } from '../chart/chart-theme.ts'

export type ThemeChoice = 'system' | 'light' | 'dark'

const STORAGE_KEY = 'windrow.theme'

function chosenTheme(): ThemeChoice {
  const theme = document.documentElement.getAttribute('data-theme')
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}

export const themeChoice = signal<ThemeChoice>(chosenTheme())

export function chooseTheme(choice: ThemeChoice): void {
  themeChoice.value = choice
  if (choice === 'system') document.documentElement.removeAttribute('data-theme')
  else document.documentElement.setAttribute('data-theme', choice)
  try {
    localStorage.setItem(STORAGE_KEY, choice)
  } catch {
    // Storage may be forbidden; the choice then holds until the page is left.
  }
  refreshChartTheme()
}

export function startTheme(): void {
  refreshChartTheme()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', refreshChartTheme)
}
