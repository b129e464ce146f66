import { render } from 'preact'
import { App } from './components/app.tsx'
import { startFrames } from './state/frame-clock.ts'
import { startPage } from './state/page.ts'
import { startTheme } from './state/theme.ts'

const host = document.getElementById('app')
if (!host) throw new Error('The page has no element #app.')
startTheme()
startPage()
startFrames()
render(<App />, host)
