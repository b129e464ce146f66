export { type NaiveRow, type NaiveSample, type NaiveWindow, naivePercentile, naiveWindows } from './naive-windows.ts'
