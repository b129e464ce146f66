export { type NaiveCounterSample, type NaiveFirst, type NaiveIncrease, naiveIncreases } from './naive-increase.ts'
export { type NaiveSession, type NaiveSessions, naiveSessions } from './naive-sessions.ts'
export { type NaiveRow, type NaiveSample, type NaiveWindow, naivePercentile, naiveWindows } from './naive-windows.ts'
