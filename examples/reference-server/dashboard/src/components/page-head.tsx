import { isPaused } from '../state/frame-clock.ts'
import { connection, togglePause, waitingCount } from '../state/page.ts'
import { chooseTheme, type ThemeChoice, themeChoice } from '../state/theme.ts'
import { isLive } from '../state/time-range.ts'
import { RangePicker } from './range-picker.tsx'

const THEMES: readonly ThemeChoice[] = ['system', 'light', 'dark']
const LIVE_WORDS = { connecting: 'connecting', open: 'live', lost: 'not live' } as const
const THEME_NAMES: Readonly<Record<ThemeChoice, string>> = { system: 'System', light: 'Light', dark: 'Dark' }

/** One line, always in the same place: range, live state, theme. */
export function PageHead({ onCreate }: { readonly onCreate: () => void }) {
  const isHeld = isPaused.value || connection.value.kind !== 'open'
  const windows = waitingCount.value === 1 ? '1 window' : `${waitingCount.value} windows`
  return (
    <header class="page-head">
      <h1>windrow</h1>
      <RangePicker />
      {isLive.value && (
        <>
          <button
            type="button"
            aria-pressed={isPaused.value}
            title="Hold or let go the pictures (Space)"
            onClick={togglePause}
          >
            {isPaused.value ? 'Resume view' : 'Pause view'}
          </button>
          <span class={`live ${isHeld ? 'is-held' : ''}`} role="status">
            {isPaused.value ? `paused, ${windows} waiting` : LIVE_WORDS[connection.value.kind]}
          </span>
        </>
      )}
      <span class="spring" />
      <fieldset class="segments">
        <legend class="visually-hidden">Theme</legend>
        {THEMES.map((theme) => (
          <button
            type="button"
            class="segment"
            key={THEME_NAMES[theme]}
            aria-pressed={themeChoice.value === theme}
            onClick={() => chooseTheme(theme)}
          >
            {THEME_NAMES[theme]}
          </button>
        ))}
      </fieldset>
      <button type="button" class="primary" onClick={onCreate}>
        New query
      </button>
    </header>
  )
}
