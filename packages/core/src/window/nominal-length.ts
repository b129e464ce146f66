import type { WindowPlan } from '../plan/query-plan.ts'
import { windowScheme } from './scheme-of.ts'

/** How long windows of a plan are at most, and how far apart they begin at most, ms. Of sessions: MAX and GAP. */
export function nominalWindowMs(window: WindowPlan): { readonly sizeMs: number; readonly stepMs: number } {
  if (window.type === 'session') return { sizeMs: window.maxMs, stepMs: window.gapMs }
  const scheme = windowScheme(window)
  return { sizeMs: scheme.longestSizeMs, stepMs: scheme.longestStepMs }
}
